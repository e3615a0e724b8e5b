"""Tenants that have but the same to say go together in one message, and fare as if each were alone."""

from __future__ import annotations

import json
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg

from tests.fleet.orchards import TENANTS, Database, Fleet, count, do, schemas

PLAIN = {"DJANGO_SETTINGS_MODULE": "tests.fleet.orchard.settings_plain"}
HANDS = """
    SELECT pid FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE 'BEGIN;%'
"""


def release(fleet: Fleet, *arguments: str) -> tuple[int, dict[str, Any], str]:
    """Run the release of columns alone; return its exit code, its result and its log."""
    code, out, errors = fleet.manage("migrate_fleet", "--json", *arguments, release=PLAIN)
    return code, json.loads(out), errors


def recorded(database: Database, schema: str) -> int:
    """Count the migrations of the release that a schema has recorded."""
    return count(database, schema, "django_migrations WHERE app = 'orchard'") - 1


def has_kind(database: Database, schema: str) -> bool:
    query = """SELECT 1 FROM pg_attribute WHERE attrelid = to_regclass(%s)
        AND attname = 'kind' AND NOT attisdropped"""
    return database.execute(query, [f'"{schema}".orchard_basket']).fetchone() is not None


def is_at_head(database: Database, schema: str) -> bool:
    return recorded(database, schema) == 2 and has_kind(database, schema)


def test_all_go_together_and_end_where_each_alone_would(fleet: Fleet, database: Database) -> None:
    names = schemas(database)
    code, told, _log = release(fleet)
    assert (code, told["failed"], told["not_reached"]) == (0, {}, [])
    assert all(is_at_head(database, name) for name in names)
    # As text they have each been sent with neighbours: nobody's path may have leaked to another.
    assert len({shape(database, name) for name in names}) == 1
    code, told, _log = release(fleet)
    assert (code, told["migrated"], told["at_head"]) == (0, [], TENANTS)


def shape(database: Database, schema: str) -> tuple[Any, ...]:
    """Return a schema's columns and indexes."""
    query = """
        SELECT c.relname, a.attname, format_type(a.atttypid, a.atttypmod), a.attnotnull
        FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
        WHERE c.relnamespace = %s::regnamespace AND a.attnum > 0 AND NOT a.attisdropped
        ORDER BY 1, 2
    """
    return tuple(database.execute(query, [f'"{schema}"']).fetchall())


def test_a_broken_tenant_fails_alone_and_its_first_migration_stands(
    fleet: Fleet, database: Database
) -> None:
    names = schemas(database)
    broken, gone = names[20], names[33]
    do(database, "ALTER TABLE {}.orchard_basket ADD COLUMN kind text", broken)
    do(database, "DROP SCHEMA {} CASCADE", gone)
    code, told, _log = release(fleet, "--processes", "1")
    assert code == 1
    assert set(told["failed"]) == {broken, gone}
    assert "already exists" in told["failed"][broken]
    assert recorded(database, broken) == 1, "each migration is a transaction of its own"
    assert all(is_at_head(database, name) for name in names if name not in (broken, gone))


def test_a_busy_tenant_holds_up_only_itself(fleet: Fleet, database: Database) -> None:
    names = schemas(database)
    busy = names[-1]
    with ThreadPoolExecutor(1) as aside, psycopg.connect(fleet.url) as reader:
        do(reader, "LOCK TABLE {}.orchard_basket IN ACCESS SHARE MODE", busy)
        threading.Timer(3, reader.rollback).start()
        releasing = aside.submit(release, fleet)
        deadline = time.monotonic() + 60
        while not all(is_at_head(database, name) for name in names[:-1]):
            assert time.monotonic() < deadline
        code, told, _log = releasing.result()
    assert (code, told["failed"]) == (0, {})
    assert is_at_head(database, busy)


def test_who_loses_the_connection_in_a_message_does_each_again_by_itself_and_nothing_twice(
    fleet: Fleet, database: Database
) -> None:
    names = schemas(database)
    with ThreadPoolExecutor(1) as aside, psycopg.connect(fleet.url) as reader:
        do(reader, "LOCK TABLE {}.orchard_basket IN ACCESS SHARE MODE", names[-1])
        releasing = aside.submit(release, fleet, "--processes", "1")
        deadline = time.monotonic() + 60
        while (hand := database.execute(HANDS).fetchone()) is None:
            assert time.monotonic() < deadline
            assert not releasing.done(), "it was over before it met the lock"
        database.execute("SELECT pg_terminate_backend(%s)", hand)
        reader.rollback()
        code, told, _log = releasing.result()
    assert (code, told["failed"], told["not_reached"]) == (0, {}, [])
    assert all(is_at_head(database, name) for name in names)
