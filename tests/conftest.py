"""What tests stand on: the real system in real processes, and the same database for a look inside.

bin/test gives the environment (DATABASE_URL and the settings); nothing of ours is mocked.
"""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from django.core.management import call_command
from playwright.sync_api import Browser
from pytest_django import DjangoDbBlocker

from devstack import environment
from devstack.stack import Stack
from tests.browsing import chromium_running
from tests.customer import Shop


@pytest.fixture(scope="session")
def database(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """The run's PostgreSQL at head, open to this process; tests share it and make their own rows."""
    with django_db_blocker.unblock():
        call_command("migrate_fleet", verbosity=0)
        yield


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory, database: None) -> Iterator[Stack]:
    """Web, worker, mock Stripe and mail catcher on the run's own database, for the whole session."""
    folder = tmp_path_factory.mktemp("system")
    with Stack(folder, environ={**os.environ, "CHECKOUT_RATE": "6000/min"}) as stack:
        stack.start()
        stack.command("plans", "plans", "push")
        yield stack


@pytest.fixture
def shop(system: Stack) -> Shop:
    """The running system, as customers see it."""
    return Shop(system)


@pytest.fixture
def own_system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A system that a test may break, with a PostgreSQL of its own."""
    given = {**environment.without_settings(os.environ), "CHECKOUT_RATE": "6000/min"}
    with Stack(tmp_path_factory.mktemp("own"), environ=given) as stack:
        stack.start()
        stack.command("plans", "plans", "push")
        yield stack


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """A real Chromium."""
    with chromium_running() as browser:
        yield browser
