"""What tests stand on: the real system in real processes, and the same database for a look inside.

bin/test gives the environment (DATABASE_URL and the settings); nothing of ours is mocked. tests/unit
loads this file, too, and starts in two seconds: what takes long to import is imported in fixtures.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.core.management import call_command
from django.utils import translation
from pytest_django import DjangoDbBlocker

from devstack import environment
from devstack.stack import Stack

if TYPE_CHECKING:
    from playwright.sync_api import Browser

    from tests.customer import Shop
    from tests.resting import Resting

KEYS = (
    "DATABASE_URL", "DJANGO_SECRET_KEY", "STRIPE_PUBLISHABLE_KEY", "STRIPE_SECRET_KEY",
    "STRIPE_WEBHOOK_SECRET",
)  # fmt: skip
_RESTING: pytest.StashKey[Resting] = pytest.StashKey()


def _this_runs_environment() -> dict[str, str]:
    """Return what makes the system serve exactly where this process's own settings point."""
    return {
        **environment.for_a_system(os.environ),
        **{name: os.environ[name] for name in KEYS},
        "PORT": os.environ["PORT"],
        "MOCK_STRIPE_PORT": str(urlsplit(os.environ["STRIPE_API_BASE"]).port),
        "SMTP_PORT": os.environ["EMAIL_PORT"],
        "CHECKOUT_RATE": "6000/min",
        "TRUSTED_PROXIES": "1",  # each customer has an address: see tests/customer.py
    }


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Refuse tests of running systems to a bare pytest: they would write where DATABASE_URL points.

    A shell that has loaded `var/demo.env` names the demo's own database, another one maybe somebody's.
    bin/test makes databases for its tests, and says where it keeps templates of them.
    """
    if environment.TEMPLATES in os.environ:
        return
    unit = Path(__file__).parent / "unit"
    rooms = {
        item.path.relative_to(unit.parent).parts[0]
        for item in items
        if unit not in item.path.parents
    }
    if rooms:
        raise pytest.UsageError(
            f"tests/{min(rooms)} needs a running system: use “bin/test tests/{min(rooms)}”, which makes "
            "databases of its own. Only tests/unit starts from a bare pytest."
        )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Let go of hypothesis where no test uses it: its plugin would load it all to say farewell."""
    if "hypothesis" not in sys.modules:
        session.config.pluginmanager.unregister(name="hypothesispytest")


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Let the system, once it runs, rest while others than its tests have their turn."""
    if _RESTING in item.config.stash:
        used = "system" in getattr(item, "fixturenames", ())
        item.config.stash[_RESTING].before(used=used)


@pytest.fixture(autouse=True)
def language() -> None:
    """Our own language, whatever an earlier test left: a request of Django's client leaves its own."""
    translation.deactivate()


@pytest.fixture(scope="session")
def database(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The run's PostgreSQL at head, open to this process; tests share it and make their own rows."""
    with django_db_blocker.unblock():
        call_command("migrate_fleet", verbosity=0)
        yield


@pytest.fixture(scope="session")
def system(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, database: None
) -> Iterator[Stack]:
    """Web, worker, mock Stripe and mail catcher on the run's own database, for the whole session."""
    from tests.resting import Resting

    folder = tmp_path_factory.mktemp("system")
    with Stack(folder, environ=_this_runs_environment()) as stack:
        stack.start()
        stack.command("plans", "plans", "push")
        request.config.stash[_RESTING] = Resting(stack)
        yield stack


@pytest.fixture
def shop(system: Stack) -> Shop:
    """The running system, as customers see it."""
    from tests.customer import Shop

    return Shop(system)


@pytest.fixture
def own_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A system that a test may break, with a PostgreSQL of its own."""
    from tests import templates

    with templates.own_system(tmp_path_factory.mktemp("own")) as stack:
        yield stack


@pytest.fixture
def breakable(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stack:
    """A system that a test may break, though not for good: others bought here before, and will again."""
    from tests import breakable

    return breakable.system(request, tmp_path_factory)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    from tests.browsing import chromium_running

    with chromium_running() as browser:
        yield browser
