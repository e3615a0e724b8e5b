"""A release: each tenant is migrated exactly once, whoever dies, is broken, or stands in the way."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from psycopg import sql

from devstack.processes import ROOT
from devstack.stack import Stack
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
Database = psycopg.Connection[tuple[Any, ...]]


@pytest.fixture(scope="module")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A database of its own: the fleet in it is of another product."""
    stack = Stack(tmp_path_factory.mktemp("release"), environ=plain_environ())
    try:
        stack.start_part("postgres")
        yield stack
    finally:
        stack.discard()


@pytest.fixture
def fleet(own_postgres: Stack) -> Iterator[Stack]:
    """A fleet at the release before: the two first are spares, the others somebody's."""
    with psycopg.connect(own_postgres.database_url, autocommit=True) as database:
        _empty(database)
    migrated = own_postgres.manage("migrate_fleet", environ=BEFORE)
    assert migrated.returncode == 0, migrated.stderr
    script = BUILD.format(count=TENANTS, spares=2)
    built = own_postgres.manage("shell", "-v0", "-c", script, environ=BEFORE)
    assert built.returncode == 0, built.stderr
    yield own_postgres


def _empty(database: Database) -> None:
    names = database.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'")
    for (name,) in names.fetchall():
        database.execute(sql.SQL("DROP SCHEMA {} CASCADE").format(sql.Identifier(name)))
    database.execute("DROP SCHEMA public CASCADE; CREATE SCHEMA public")


@pytest.fixture
def database(fleet: Stack) -> Iterator[Database]:
    """A look into the fleet's database."""
    with psycopg.connect(fleet.database_url, autocommit=True) as database:
        yield database


def schemas(database: Database) -> list[str]:
    """Return the fleet's schemas, spares first."""
    query = "SELECT schema_name FROM public.tenants_tenant ORDER BY id"
    return [name for (name,) in database.execute(query)]


def count(database: Database, schema: str, what: str) -> int:
    """Count rows in a tenant."""
    row = database.execute(f'SELECT count(*) FROM "{schema}".{what}').fetchone()  # type: ignore[arg-type]
    assert row is not None
    return int(row[0])


def is_whole(database: Database, schema: str) -> bool:
    """Whether each migration has had its effect once: RunPython planted, and counted what it had."""
    harvest = database.execute(f'SELECT plants FROM "{schema}".orchard_harvest').fetchall()  # type: ignore[arg-type]
    plants = count(database, schema, "orchard_plant")
    once = "django_migrations WHERE app = 'orchard'"
    return (harvest, plants, count(database, schema, once)) == ([(5,)], 5, 9)


def release(stack: Stack, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the release step; return its exit code and what it says in the end."""
    done = stack.manage("migrate_fleet", "--json", *arguments, environ=AFTER)
    return done.returncode, json.loads(done.stdout)


def test_after_kill_9_in_the_middle_the_next_run_migrates_every_tenant_exactly_once(
    fleet: Stack, database: Database
) -> None:
    names = schemas(database)
    victim = subprocess.Popen(
        [sys.executable, "manage.py", "migrate_fleet", "--processes", "2"],
        cwd=ROOT,
        env={**fleet.env, **AFTER},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 90
        while database.execute(  # some are done, others not
            "SELECT count(*) FROM pg_class WHERE relname = 'orchard_harvest' AND relkind = 'r'"
        ).fetchone() < (TENANTS // 4,):
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


def _lacks_harvest(database: Database, schema: str) -> bool:
    row = database.execute("SELECT to_regclass(%s)", [f'"{schema}".orchard_harvest']).fetchone()
    return row == (None,)


def test_broken_tenants_are_named_and_stop_nobody(fleet: Stack, database: Database) -> None:
    names = schemas(database)
    gone, in_the_way, unreadable = names[5], names[6], names[7]
    database.execute(f'DROP SCHEMA "{gone}" CASCADE')  # type: ignore[arg-type]
    database.execute(f'CREATE TABLE "{in_the_way}".orchard_harvest (id int)')  # type: ignore[arg-type]
    database.execute(f'ALTER TABLE "{unreadable}".django_migrations DROP COLUMN app')  # type: ignore[arg-type]

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
    fleet: Stack, database: Database
) -> None:
    for name in schemas(database)[: TENANTS // 2]:
        database.execute(f'CREATE TABLE "{name}".orchard_harvest (id int)')  # type: ignore[arg-type]
    code, told = release(fleet, "--stop-at", "0.05", "--processes", "2")
    assert code == 1
    assert 3 <= len(told["failed"]) < 12
    assert len(told["not_reached"]) >= TENANTS // 2
    untouched = told["not_reached"][-1]
    assert count(database, untouched, "django_migrations WHERE app = 'orchard'") == 1


def test_it_gives_way_to_who_holds_a_table_and_comes_back(fleet: Stack, database: Database) -> None:
    busy = schemas(database)[-1]
    with psycopg.connect(fleet.database_url) as reader:
        reader.execute(f'SELECT * FROM "{busy}".orchard_basket')  # type: ignore[arg-type]
        threading.Timer(4, reader.rollback).start()  # a long report, open in a transaction
        begun = time.monotonic()
        outcome: list[Any] = []
        running = threading.Thread(target=lambda: outcome.append(release(fleet)))
        running.start()
        slowest = 0.0
        while running.is_alive():
            asked = time.monotonic()
            count(database, busy, "orchard_basket") if _lacks_harvest(database, busy) else None
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.02)
        running.join()
    code, told = outcome[0]
    assert (code, told["failed"]) == (0, {})
    assert is_whole(database, busy)
    assert slowest < 2.0, "a waiting ALTER must not hold up those behind it"
    assert time.monotonic() - begun > 4


def test_only_named_tenants_can_be_migrated_and_a_plan_changes_nothing(
    fleet: Stack, database: Database
) -> None:
    names = schemas(database)
    planned = fleet.manage("migrate_fleet", "--plan", "--json", environ=AFTER)
    assert json.loads(planned.stdout)["groups"][0]["tenants"] == names
    assert count(database, names[0], "django_migrations WHERE app = 'orchard'") == 1
    code, told = release(fleet, "--tenant", names[3], "--tenant", names[4])
    assert (code, told["migrated"]) == (0, names[3:5])
    assert _lacks_harvest(database, names[5])


def test_tenants_in_the_making_or_archived_are_left_alone(fleet: Stack, database: Database) -> None:
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
    code, told = release(fleet)
    assert code == 0
    assert told["migrated"] == names[1:]
    assert _lacks_harvest(database, names[0])


def test_two_releases_at_once_take_turns(fleet: Stack, database: Database) -> None:
    outcomes: list[Any] = []
    both = [threading.Thread(target=lambda: outcomes.append(release(fleet))) for _ in range(2)]
    for one in both:
        one.start()
    for one in both:
        one.join()
    assert [code for code, _told in outcomes] == [0, 0]
    assert sorted(len(told["migrated"]) for _code, told in outcomes) == [0, TENANTS]
    assert all(is_whole(database, name) for name in schemas(database))
