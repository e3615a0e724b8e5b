"""The ring of seconds: pure functions, or the database with rollback and Django's test client.

No test here starts a process or opens a socket. One that asks for `db` (or is marked `django_db`)
gets a PostgreSQL at head, whatever was running before, and its rows are rolled back.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any, NoReturn

import pytest
import pytest_socket
from django.core.management import call_command
from django.db import connection, connections, transaction
from pytest_django import DjangoDbBlocker

from config import env
from public_apps.core.schema_context import inside
from public_apps.tenants import domains, provisioning
from public_apps.tenants.models import Tenant
from tests.unit import database

TENANT = "Unit Court"


@pytest.fixture(autouse=True)
def _nothing_but_ourselves(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> Iterator[None]:
    """Refuse processes and sockets; the database is reached by libpq, which knows of neither."""
    if request.node.get_closest_marker("django_db"):
        request.getfixturevalue("django_db_setup")  # it may have to start the server

    def refuse(*command: Any, **options: Any) -> NoReturn:
        pytest.fail(f"a test in tests/unit starts a process: {command}; it belongs beside its room")

    monkeypatch.setattr(subprocess, "Popen", refuse)
    pytest_socket.disable_socket(allow_unix_socket=True)
    yield
    pytest_socket.enable_socket()


@pytest.fixture(scope="session")
def django_db_setup(django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """Have a database at head, for pytest-django's `db` and `django_db`, with a workspace in it."""
    entry: dict[str, Any] = connections.settings["default"]
    before = dict(entry)
    with django_db_blocker.unblock(), database.open_one() as url:
        connection.close()
        entry.update(env.database(url), ENGINE=before["ENGINE"])
        call_command("migrate_fleet", verbosity=0)
        _found_workspace()
        yield
        connection.close()
        entry.update(before)


@pytest.fixture
def tenant(db: None) -> Iterator[Tenant]:
    """A workspace, whose schema this test's queries meet."""
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
