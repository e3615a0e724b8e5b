"""A release: each tenant is migrated exactly once, whoever dies, is broken, or stands in the way."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any, TypeVar

import psycopg

from devstack.processes import ROOT
from tests.fleet.orchards import (
    AFTER,
    TENANTS,
    Database,
    Fleet,
    count,
    do,
    is_whole,
    release,
    schemas,
)  # fmt: skip

SHARED_CHANGE = {"DJANGO_SETTINGS_MODULE": "tests.fleet.shared_change.settings"}
WAITING = """
    SELECT 1 FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND wait_event = 'relation'
"""
T = TypeVar("T")


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
    done = [name for name in names if not lacks_harvest(database, name)]
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


def lacks_harvest(database: Database, schema: str) -> bool:
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
    (code, told), slowest = released_beside_a_reader(
        fleet, f'"{busy}".orchard_basket', lambda: release(fleet)
    )
    assert (code, told["failed"]) == (0, {})
    assert is_whole(database, busy)
    assert slowest < 2.0, "a waiting ALTER must not hold up those behind it"


def test_in_public_it_gives_way_too(fleet: Fleet, database: Database) -> None:
    def change_public() -> tuple[int, str, str]:
        # One tenant alone: what is watched comes before the fleet.
        only = schemas(database)[0]
        return fleet.manage("migrate_fleet", "--tenant", only, release=SHARED_CHANGE)

    (code, _out, errors), slowest = released_beside_a_reader(fleet, "tenants_tenant", change_public)
    assert code == 0, errors
    assert slowest < 2.0
    assert database.execute("SELECT mood FROM tenants_tenant").fetchone() == (None,)


def released_beside_a_reader(fleet: Fleet, table: str, act: Callable[[], T]) -> tuple[T, float]:
    """Release while a long report reads a table; return how that went, and the longest other read.

    The report goes on for three seconds after somebody has begun to wait for it.
    """
    query = f"SELECT count(*) FROM {table}".encode()  # noqa: S608 - a test's own words
    patience = "-c statement_timeout=10000"
    with (
        ThreadPoolExecutor(1) as aside,
        psycopg.connect(fleet.url) as reader,
        psycopg.connect(fleet.url, autocommit=True, options=patience) as others,
    ):
        reader.execute(query)
        report = threading.Timer(3, reader.rollback)
        releasing = aside.submit(act)
        slowest = 0.0
        while not releasing.done():
            if not report.ident and others.execute(WAITING).fetchone():
                report.start()
            asked = time.monotonic()
            with suppress(psycopg.errors.UndefinedTable):  # renamed: it is through
                others.execute(query)
            slowest = max(slowest, time.monotonic() - asked)
            time.sleep(0.02)
        assert report.ident, "the report was in nobody's way"
        return releasing.result(), slowest


def test_only_named_tenants_can_be_migrated_and_a_plan_changes_nothing(
    fleet: Fleet, database: Database
) -> None:
    names = schemas(database)
    _code, planned, _errors = fleet.manage("migrate_fleet", "--plan", "--json", release=AFTER)
    assert json.loads(planned)["groups"][0]["tenants"] == names
    assert count(database, names[0], "django_migrations WHERE app = 'orchard'") == 1
    code, told = release(fleet, "--tenant", names[3], "--tenant", names[4])
    assert (code, told["migrated"]) == (0, names[3:5])
    assert lacks_harvest(database, names[5])


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
    assert lacks_harvest(database, names[0])
    assert lacks_harvest(database, kept)


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
