"""A release: each tenant is migrated exactly once, whoever dies, is broken, or stands in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from devstack.processes import ROOT
from devstack.stack import Stack
from tests import templates
from tests.core.ground import plain_environ

BEFORE = {"DJANGO_SETTINGS_MODULE": "tests.fleet.orchard.settings_before"}
AFTER = {"DJANGO_SETTINGS_MODULE": "tests.fleet.orchard.settings"}
TENANTS = int(os.environ.get("FLEET_TENANTS", "60"))  # the acceptance run takes 300
BUILD = """
from public_apps.tenants import building
from public_apps.tenants.models import Tenant
from django.utils import timezone
for number in range({count}):
    tenant = building.build_tenant()
    Tenant.objects.filter(pk=tenant.pk, pk__gt={spares}).update(claimed_at=timezone.now())
"""
WAITING = """
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'relation'
"""
Database = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Fleet:
    """A database with tenants at the release before: two spares, the others somebody's."""

    stack: Stack
    url: str

    def manage(self, *arguments: str, release: dict[str, str]) -> tuple[int, str, str]:
        """Run a command of a release; return its exit code and what it wrote."""
        done = self.stack.manage(*arguments, environ={**release, "DATABASE_URL": self.url})
        return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet of which each test gets a copy, on a PostgreSQL of its own."""
    folder = tmp_path_factory.mktemp("release")
    stack = Stack(folder, environ=plain_environ(), template=templates.at_head())
    try:
        stack.start_part("postgres")
        fleet = Fleet(stack, stack.database_url)
        code, _out, errors = fleet.manage("migrate_fleet", release=BEFORE)
        assert code == 0, errors
        script = BUILD.format(count=TENANTS, spares=2)
        code, _out, errors = fleet.manage("shell", "-v0", "-c", script, release=BEFORE)
        assert code == 0, errors
        yield fleet
    finally:
        stack.discard()


@pytest.fixture
def fleet(original: Fleet) -> Iterator[Fleet]:
    """A fleet to break."""
    assert original.stack.postgres
    with psycopg.connect(original.stack.postgres.superuser_url, autocommit=True) as server:
        server.execute("CREATE DATABASE copy TEMPLATE concierge OWNER concierge")
        yield Fleet(original.stack, original.url.rpartition("/")[0] + "/copy")
        server.execute("DROP DATABASE copy WITH (FORCE)")


@pytest.fixture
def database(fleet: Fleet) -> Iterator[Database]:
    """A look into the fleet's database."""
    with psycopg.connect(fleet.url, autocommit=True) as database:
        yield database


def schemas(database: Database) -> list[str]:
    """Return the fleet's schemas, spares first."""
    query = "SELECT schema_name FROM public.tenants_tenant ORDER BY id"
    return [name for (name,) in database.execute(query)]


def do(database: Database, statement: str, schema: str) -> psycopg.Cursor[tuple[Any, ...]]:
    """Execute a statement about one schema."""
    return database.execute(sql.SQL(statement).format(sql.Identifier(schema)))


def count(database: Database, schema: str, what: str) -> int:
    """Count rows in a tenant."""
    row = do(database, f"SELECT count(*) FROM {{}}.{what}", schema).fetchone()  # noqa: S608 - a test's own words
    assert row is not None
    return int(row[0])


def is_whole(database: Database, schema: str) -> bool:
    """Whether each migration has had its effect once: RunPython planted, and counted what it had."""
    harvest = do(database, "SELECT plants FROM {}.orchard_harvest", schema).fetchall()
    plants = count(database, schema, "orchard_plant")
    once = "django_migrations WHERE app = 'orchard'"
    return (harvest, plants, count(database, schema, once)) == ([(5,)], 5, 9)


def release(fleet: Fleet, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the release step; return its exit code and what it says in the end."""
    code, out, _errors = fleet.manage("migrate_fleet", "--json", *arguments, release=AFTER)
    return code, json.loads(out)


def test_after_kill_9_in_the_middle_the_next_run_migrates_every_tenant_exactly_once(
    fleet: Fleet, database: Database
) -> None:
    names = schemas(database)
    victim = subprocess.Popen(
        [sys.executable, "manage.py", "migrate_fleet", "--processes", "2"],
        cwd=ROOT,
        env={**fleet.stack.env, **AFTER, "DATABASE_URL": fleet.url},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 90
        while _harvests(database) < TENANTS // 4:
            assert time.monotonic() < deadline
            assert victim.poll() is None, "it was over before it was killed"
    finally:
        victim.kill()
        victim.wait()
    done = [name for name in names if not _lacks_harvest(database, name)]
    assert len(done) < TENANTS, "it was killed in the middle"

    code, told = release(fleet)
    assert (code, told["failed"], told["not_reached"]) == (0, {}, [])
    assert all(is_whole(database, name) for name in names)

    code, told = release(fleet)
    assert (code, told["migrated"], told["at_head"]) == (0, [], TENANTS)


def _harvests(database: Database) -> int:
    """Count the tenants that have the last migration's table: some at first, all in the end."""
    query = "SELECT count(*) FROM pg_class WHERE relname = 'orchard_harvest' AND relkind = 'r'"
    row = database.execute(query).fetchone()
    assert row is not None
    return int(row[0])


def _lacks_harvest(database: Database, schema: str) -> bool:
    row = database.execute("SELECT to_regclass(%s)", [f'"{schema}".orchard_harvest']).fetchone()
    return row == (None,)


def test_broken_tenants_are_named_and_stop_nobody(fleet: Fleet, database: Database) -> None:
    names = schemas(database)
    gone, in_the_way, unreadable = names[5], names[6], names[7]
    do(database, "DROP SCHEMA {} CASCADE", gone)
    do(database, "CREATE TABLE {}.orchard_harvest (id int)", in_the_way)
    do(database, "ALTER TABLE {}.django_migrations DROP COLUMN app", unreadable)

    code, told = release(fleet)
    assert code == 1
    assert set(told["failed"]) == {gone, in_the_way, unreadable}
    others = [name for name in names if name not in told["failed"]]
    assert all(is_whole(database, name) for name in others)
    shown = database.execute(
        "SELECT schema_name, error FROM tenants_tenantmigration m"
        " JOIN tenants_tenant t ON t.id = m.tenant_id WHERE error <> ''"
    ).fetchall()
    assert dict(shown) == told["failed"], "staff can read why"
    assert "already exists" in told["failed"][in_the_way]


def test_when_too_many_fail_it_stops_and_the_rest_is_left_as_it_was(
    fleet: Fleet, database: Database
) -> None:
    for name in schemas(database)[: TENANTS // 2]:
        do(database, "CREATE TABLE {}.orchard_harvest (id int)", name)
    code, told = release(fleet, "--stop-at", "0.05", "--processes", "2")
    assert code == 1
    assert 3 <= len(told["failed"]) < 12
    assert len(told["not_reached"]) >= TENANTS // 2
    untouched = told["not_reached"][-1]
    assert count(database, untouched, "django_migrations WHERE app = 'orchard'") == 1


def test_it_gives_way_to_who_holds_a_table_and_comes_back(fleet: Fleet, database: Database) -> None:
    busy = schemas(database)[-1]
    with psycopg.connect(fleet.url) as reader:
        do(reader, "SELECT * FROM {}.orchard_basket", busy)
        threading.Timer(4, reader.rollback).start()  # a long report, open in a transaction
        begun = time.monotonic()
        outcome: list[Any] = []
        running = threading.Thread(target=lambda: outcome.append(release(fleet)))
        running.start()
        slowest = 0.0
        while running.is_alive():
            asked = time.monotonic()
            with suppress(psycopg.errors.UndefinedTable):  # renamed: it is through
                count(database, busy, "orchard_basket")
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.02)
        running.join()
    code, told = outcome[0]
    assert (code, told["failed"]) == (0, {})
    assert is_whole(database, busy)
    assert slowest < 2.0, "a waiting ALTER must not hold up those behind it"
    assert time.monotonic() - begun > 4


def test_only_named_tenants_can_be_migrated_and_a_plan_changes_nothing(
    fleet: Fleet, database: Database
) -> None:
    names = schemas(database)
    _code, planned, _errors = fleet.manage("migrate_fleet", "--plan", "--json", release=AFTER)
    assert json.loads(planned)["groups"][0]["tenants"] == names
    assert count(database, names[0], "django_migrations WHERE app = 'orchard'") == 1
    code, told = release(fleet, "--tenant", names[3], "--tenant", names[4])
    assert (code, told["migrated"]) == (0, names[3:5])
    assert _lacks_harvest(database, names[5])


def test_tenants_in_the_making_or_archived_are_left_alone(fleet: Fleet, database: Database) -> None:
    names = schemas(database)
    database.execute(
        "UPDATE tenants_tenant SET archived_at = now() WHERE schema_name = %s", names[:1]
    )
    half_made = "t_" + "0" * 24
    database.execute(
        "INSERT INTO tenants_tenant (schema_name, name, owner_email, migrations_fingerprint,"
        " created_at, suspended_reason) VALUES (%s, '', '', '', now(), '')",
        [half_made],
    )
    # What a restore has put aside: nobody's schema until somebody confirms, or takes it back.
    kept = names[1]
    database.execute("DELETE FROM tenants_tenant WHERE schema_name = %s", [kept])
    database.execute(
        "INSERT INTO tenants_keptschema (tenant_id, schema_name, restored_from, swapped_at)"
        " SELECT id, %s, '', now() FROM tenants_tenant WHERE schema_name = %s",
        [kept, names[2]],
    )
    code, told = release(fleet)
    assert code == 0
    assert set(told["migrated"]) == set(names[2:])
    assert _lacks_harvest(database, names[0])
    assert _lacks_harvest(database, kept)


def test_a_tenant_that_is_archived_and_dropped_meanwhile_is_no_failure(
    fleet: Fleet, database: Database
) -> None:
    leaving = schemas(database)[-1]
    with ThreadPoolExecutor(1) as aside, psycopg.connect(fleet.url) as departure:
        do(departure, "LOCK TABLE {}.orchard_basket", leaving)
        releasing = aside.submit(release, fleet)
        while not database.execute(WAITING).fetchone():
            assert not releasing.done(), "it was over before it met the lock"
        departure.execute(
            "UPDATE tenants_tenant SET archived_at = now() WHERE schema_name = %s", [leaving]
        )
        do(departure, "DROP SCHEMA {} CASCADE", leaving)
        departure.commit()
        code, told = releasing.result()
    assert (code, told["failed"], told["not_reached"]) == (0, {}, [])
    assert len(told["migrated"]) == TENANTS - 1


def test_two_releases_at_once_take_turns(fleet: Fleet, database: Database) -> None:
    outcomes: list[Any] = []
    both = [threading.Thread(target=lambda: outcomes.append(release(fleet))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [(code, told["failed"], told["not_reached"]) for code, told in outcomes] == [
        (0, {}, []),
        (0, {}, []),
    ]
    assert sorted(len(told["migrated"]) for _code, told in outcomes) == [0, TENANTS]
    assert all(is_whole(database, name) for name in schemas(database))
