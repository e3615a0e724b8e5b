"""A release migrates every workspace, goes on past a bad one, and names it."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping

import psycopg
import pytest
from psycopg import sql

from devstack.stack import Stack
from tests import templates
from tests.core.web_stack import plain_environ

NEXT = {"DJANGO_SETTINGS_MODULE": "tests.tenants.next_release.settings"}
CATCH_UP = "from public_apps.tenants.rollout import release; release.catch_up()"
ONE_AT_A_TIME = CATCH_UP.replace("; ", "; release.MOST_LATE = 1; ")
BUILD = "from public_apps.tenants import schema_creation; schema_creation.build_tenant()"


class Fleet:
    """A database of its own with three tenants, for its schemas will be at another release."""

    def __init__(self, stack: Stack, database_url: str) -> None:
        self._stack = stack
        self.database_url = database_url

    def manage(
        self, *arguments: str, environ: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run an operator's command, by the code of before unless it is told otherwise."""
        given = {**(environ or {}), "DATABASE_URL": self.database_url}
        return self._stack.manage(*arguments, environ=given)


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """The tenants of which each test gets a copy."""
    folder = tmp_path_factory.mktemp("fleet")
    stack = Stack(folder, environ=plain_environ(), template=templates.at_head())
    try:
        stack.start_part("postgres")
        assert stack.manage("shell", "-v0", "-c", "\n".join([BUILD] * 3)).returncode == 0
        yield stack
    finally:
        stack.discard()


@pytest.fixture
def fleet(original: Stack) -> Iterator[Fleet]:
    """A fleet to break."""
    assert original.postgres
    with psycopg.connect(original.postgres.superuser_url, autocommit=True) as server:
        server.execute("CREATE DATABASE copy TEMPLATE concierge OWNER concierge")
        yield Fleet(original, original.database_url.rpartition("/")[0] + "/copy")
        server.execute("DROP DATABASE copy WITH (FORCE)")


def names(stack: Fleet) -> list[str]:
    """Return the schemas of all tenants, oldest first."""
    listed = stack.manage("tenant", "list", "--json")
    return [row["schema"] for row in json.loads(listed.stdout)]


def has_notices(stack: Fleet | Stack, schema: str) -> bool:
    """Whether the next release's table stands in a schema."""
    with psycopg.connect(stack.database_url) as database:
        query = "SELECT to_regclass(%s) IS NOT NULL"
        row = database.execute(query, [f"{schema}.home_notice"]).fetchone()
        assert row is not None
        return bool(row[0])


def run(stack: Fleet, schema: str, statement: str) -> None:
    """Do something to one tenant by hand."""
    with psycopg.connect(stack.database_url) as database:
        database.execute(sql.SQL("SET search_path = {}").format(sql.Identifier(schema)))
        database.execute(sql.SQL(statement))


def test_a_bad_tenant_is_named_and_holds_up_nobody(fleet: Fleet) -> None:
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
    assert "1 migrated, 2 were at head" in again.stdout, "who is at head is left alone"
    assert has_notices(fleet, bad)
    assert "0 migrated, 3 were at head" in fleet.manage("migrate_fleet", environ=NEXT).stdout

    # Who holds more than the code knows, and lacks something besides, is no rollback: it is told.
    run(fleet, bad, "DELETE FROM django_migrations WHERE app = 'home'")
    back = fleet.manage("migrate_fleet")
    assert back.returncode == 1
    assert bad in back.stderr
    assert first not in back.stderr
    assert "2 are ahead of it" in back.stdout


def test_the_librarys_own_command_still_works_and_skips_what_is_not_built(fleet: Fleet) -> None:
    built = names(fleet)
    with psycopg.connect(fleet.database_url) as database:
        database.execute(
            "INSERT INTO tenants_tenant (schema_name, name, owner_email, migrations_fingerprint,"
            " created_at, suspended_reason) VALUES (%s, '', '', '', now(), '')",
            ["t_" + "0" * 24],
        )
    migrated = fleet.manage("migrate_schemas", "--noinput", environ=NEXT)
    assert migrated.returncode == 0, migrated.stderr
    assert all(has_notices(fleet, name) for name in built)


def test_a_tenant_that_an_old_worker_built_after_the_release_is_brought_to_head(
    fleet: Fleet,
) -> None:
    assert fleet.manage("migrate_fleet", environ=NEXT).returncode == 0
    assert fleet.manage("shell", "-v0", "-c", BUILD).returncode == 0  # by the code of before
    late = names(fleet)[-1]
    assert not has_notices(fleet, late)
    # A worker of the old release knows that others are ahead, and lets them be.
    assert fleet.manage("shell", "-v0", "-c", CATCH_UP).returncode == 0
    assert not has_notices(fleet, late)
    assert fleet.manage("shell", "-v0", "-c", CATCH_UP, environ=NEXT).returncode == 0
    assert has_notices(fleet, late)
    assert "4 were at head" in fleet.manage("migrate_fleet", environ=NEXT).stdout


def test_however_many_old_workers_build_after_the_release_all_are_brought_to_head(
    fleet: Fleet,
) -> None:
    assert fleet.manage("migrate_fleet", environ=NEXT).returncode == 0
    for _ in range(2):
        assert fleet.manage("shell", "-v0", "-c", BUILD).returncode == 0
    late = names(fleet)[-2:]
    for done in ([True, False], [True, True]):  # more than one go can do
        assert fleet.manage("shell", "-v0", "-c", ONE_AT_A_TIME, environ=NEXT).returncode == 0
        assert [has_notices(fleet, name) for name in late] == done


def test_workers_do_not_go_on_with_a_release_that_somebody_stopped(fleet: Fleet) -> None:
    first, *rest = names(fleet)
    assert fleet.manage("migrate_fleet", "--tenant", first, environ=NEXT).returncode == 0
    assert fleet.manage("shell", "-v0", "-c", ONE_AT_A_TIME, environ=NEXT).returncode == 0
    assert [has_notices(fleet, name) for name in rest] == [False, False]
