"""The ring of seconds: pure functions, or the database with rollback and Django's test client.

No test here starts a process or opens a socket. One that asks for `db` (or is marked `django_db`)
gets a PostgreSQL at head, whatever was running before, and its rows are rolled back.
"""

from __future__ import annotations

import platform
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, NoReturn

import pytest
import pytest_socket
from django.core.management import call_command
from django.db import connection, connections, transaction
from pytest_django import Settings
from pytest_django.plugin import blocking_manager_key

from config import database as database_settings
from public_apps.core.schema_context import inside
from public_apps.tenants import domains, provisioning
from public_apps.tenants.models import Tenant
from tests.unit import database

TENANT = "Unit Court"
_URL = pytest.StashKey[str]()
_SWITCHED = pytest.StashKey[ExitStack]()


@pytest.fixture(autouse=True)
def _nothing_but_ourselves(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Refuse processes and sockets; the database is reached by libpq, which knows of neither."""
    platform.platform()  # Stripe's library asks for it, and Python runs `uname` the first time

    def refuse(*command: Any, **options: Any) -> NoReturn:
        pytest.fail(f"a test in tests/unit starts a process: {command}; it belongs beside its room")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(scope="session")
def django_db_setup() -> None:
    """Make no database of pytest-django's: `pytest_runtest_setup` has one."""


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Have a test that asks for a database meet this ring's own, whatever stands open for others."""
    if not _asks_for_database(item):
        return
    url = _at_head(item.config)
    item.stash[_SWITCHED] = ExitStack()
    item.stash[_SWITCHED].enter_context(_connected_to(url))


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """Leave the connection to other tests of this process as it was."""
    if _SWITCHED in item.stash:
        item.stash[_SWITCHED].close()


def _asks_for_database(item: pytest.Item) -> bool:
    fixtures = getattr(item, "fixturenames", ())
    return "db" in fixtures or item.get_closest_marker("django_db") is not None


def _at_head(config: pytest.Config) -> str:
    """Return the address of a database at head with a workspace in it, made when first asked for."""
    stash = config.stash
    if _URL not in stash:
        opened = ExitStack()
        url = opened.enter_context(database.open_one())
        config.add_cleanup(opened.close)
        with config.stash[blocking_manager_key].unblock(), _connected_to(url):
            call_command("migrate_fleet", verbosity=0)
            _found_workspace()
        stash[_URL] = url
    return stash[_URL]


@contextmanager
def _connected_to(url: str) -> Iterator[None]:
    entry: dict[str, Any] = connections.settings["default"]
    before = dict(entry)
    connection.close()
    entry.update(database_settings.entry(url), ENGINE=before["ENGINE"])
    try:
        yield
    finally:
        connection.close()
        entry.update(before)


@pytest.fixture
def tenant(db: None, settings: Settings, tmp_path: Path) -> Iterator[Tenant]:
    """A workspace, whose schema this test's queries meet; `visitors.py` has people who call at it."""
    settings.STATIC_ROOT = tmp_path  # WhiteNoise warns of a folder that is not there
    tenant = Tenant.objects.get(name=TENANT)
    with inside(tenant.schema_name):
        yield tenant


def _found_workspace() -> None:
    if Tenant.objects.filter(name=TENANT).exists():
        return
    with transaction.atomic():
        tenant = provisioning.take_tenant(name=TENANT, owner_email="eleni@unit.example")
        domains.ensure_primary(tenant, label="unit-court")
        provisioning.open_tenant(tenant)
