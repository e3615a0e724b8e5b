"""A connection is renewed after so many tenants, for its backend forgets none of them."""

from __future__ import annotations

import pytest
from django.db import close_old_connections, connection, transaction
from pytest_django import Settings

from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant, opaque_schema_name
from tests.core.web_stack import WebStack


def backend() -> int:
    """Return the process that serves this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (pid,) = cursor.fetchone() or (0,)
    return int(pid)


def visit(tenants: list[str], *, times: int = 1) -> None:
    """Turn to each tenant's schema, as a request does."""
    for name in tenants * times:
        with inside(name):
            pass
        close_old_connections()  # what the end of a request does


@pytest.fixture
def budget(web_stack: WebStack, settings: Settings) -> int:
    """A small budget, and a fresh connection."""
    settings.CONNECTION_TENANTS = 5
    connection.close()
    return 5


def test_many_tenants_wear_a_connection_out(budget: int) -> None:
    first = backend()
    visit([opaque_schema_name() for _ in range(budget - 1)])
    assert backend() == first
    visit([opaque_schema_name() for _ in range(2)])
    assert backend() != first


def test_the_same_few_tenants_never_do(budget: int) -> None:
    first = backend()
    visit([opaque_schema_name() for _ in range(budget - 1)], times=50)
    assert backend() == first


def test_no_transaction_loses_its_connection(budget: int) -> None:
    with transaction.atomic():
        first = backend()
        for _ in range(budget * 2):
            with inside(opaque_schema_name()):
                pass
        assert backend() == first
    close_old_connections()
    assert backend() != first, "but afterwards"


def test_what_is_rolled_back_does_not_leave_the_connection_in_another_schema(
    web_stack: WebStack,
) -> None:
    """The search path is set once: rolled back by the server, it must be set again."""
    name = web_stack.acme.tenant.schema_name
    with inside(name):
        backend()  # the path is set now
    with transaction.atomic():
        with inside(name):
            backend()
        transaction.set_rollback(True)
    assert Tenant.objects.filter(schema_name=name).exists()
    with inside(name):
        with transaction.atomic():
            backend()
            transaction.set_rollback(True)
        with connection.cursor() as cursor:
            cursor.execute("SHOW search_path")
            assert cursor.fetchone() == (name,)
