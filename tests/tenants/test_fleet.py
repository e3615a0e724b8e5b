"""A release migrates every workspace, goes on past a bad one, and names it."""

from __future__ import annotations

import json
from collections.abc import Iterator

import psycopg
import pytest
from psycopg import sql

from devstack.stack import Stack
from tests.core.ground import plain_environ

NEXT = {"DJANGO_SETTINGS_MODULE": "tests.tenants.next_release.settings"}
BUILD = "from public_apps.tenants import building; building.build_tenant()"


@pytest.fixture
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A database of its own with three tenants, for its schemas will be at another release."""
    stack = Stack(tmp_path_factory.mktemp("fleet"), environ=plain_environ())
    try:
        stack.start_part("postgres")
        stack.release()
        for _ in range(3):
            assert stack.manage("shell", "-v0", "-c", BUILD).returncode == 0
        yield stack
    finally:
        stack.discard()


def names(stack: Stack) -> list[str]:
    """Return the schemas of all tenants, oldest first."""
    listed = stack.manage("tenant", "list", "--json")
    return [row["schema"] for row in json.loads(listed.stdout)]


def has_notices(stack: Stack, schema: str) -> bool:
    """Whether the next release's table stands in a schema."""
    with psycopg.connect(stack.database_url) as database:
        query = "SELECT to_regclass(%s) IS NOT NULL"
        row = database.execute(query, [f"{schema}.home_notice"]).fetchone()
        assert row is not None
        return bool(row[0])


def run(stack: Stack, schema: str, statement: str) -> None:
    """Do something to one tenant by hand."""
    with psycopg.connect(stack.database_url) as database:
        database.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        database.execute(sql.SQL(statement))


def test_a_bad_tenant_is_named_and_holds_up_nobody(fleet: Stack) -> None:
    first, bad, last = names(fleet)
    run(fleet, bad, "CREATE TABLE home_notice (id bigint)")  # in the new migration's way

    release = fleet.manage("migrate_fleet", environ=NEXT)
    assert release.returncode == 1
    assert bad in release.stderr
    assert first not in release.stderr
    assert last not in release.stderr
    assert has_notices(fleet, first)
    assert has_notices(fleet, last)
    assert not has_notices(fleet, "public"), "a tenant's table has no place in public"

    run(fleet, bad, "DROP TABLE home_notice")
    again = fleet.manage("migrate_fleet", environ=NEXT)
    assert again.returncode == 0, again.stderr
    assert f"migrated {bad}" in again.stdout
    assert first not in again.stdout, "who is at head is left alone"
    assert has_notices(fleet, bad)
    assert fleet.manage("migrate_fleet", environ=NEXT).stdout.split() == ["migrated", "public"]

    # A schema that holds more than its code knows is told, too: somebody rolled back a release.
    back = fleet.manage("migrate_fleet")
    assert back.returncode == 1
    assert all(name in back.stderr for name in (first, bad, last))
