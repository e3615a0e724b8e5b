"""A release over the fleet: nothing to do, one AddField, and a mixed one."""

from __future__ import annotations

import json
import os
import time

import psycopg
from psycopg import sql

from benchmarks.figures import Report
from benchmarks.world import grow, main, world
from devstack.stack import Stack

BEFORE, ADD_FIELD, MIXED = (
    f"benchmarks.releases.{name}" for name in ("before", "after_add_field", "after_mixed")
)
ALTER = "ALTER TABLE {}.parcels_parcel ADD COLUMN shelf varchar(10) DEFAULT '' NOT NULL"
UNDO = {
    ADD_FIELD: ("ALTER TABLE {}.parcels_parcel DROP COLUMN shelf",),
    MIXED: (
        "DROP TABLE {0}.parcels_shelf",
        "ALTER TABLE {0}.parcels_parcel DROP COLUMN weight",
        "ALTER TABLE {0}.parcels_parcel ALTER COLUMN label TYPE varchar(80)",
        (
            "DO $$ BEGIN EXECUTE (SELECT string_agg(format('DROP INDEX %s',"
            " indexrelid::regclass), ';') FROM pg_index"
            " WHERE NOT indisprimary AND indrelid = '{0}.parcels_parcel'::regclass); END $$"
        ),
    ),
}
FORGET = "DELETE FROM {}.django_migrations WHERE app = 'parcels' AND name <> '0001_initial'"
PEER = """
import sys, time
from django.db import connection
from django_tenants.migration_executors import get_executor
options = dict(verbosity=0, interactive=False, database="default", app_label=None, plan=False,
    migration_name=None, fake=False, fake_initial=False, run_syncdb=False, check_unapplied=False,
    prune=False, skip_checks=True, force_color=False, no_color=True, settings=None,
    pythonpath=None, traceback=False)
begun = time.perf_counter()
get_executor("multiprocessing")((), options).run_migrations({names!r})
print(time.perf_counter() - begun)
"""


def measure(report: Report, quick: bool) -> None:
    """Do each release at several sizes of the fleet, each in turn with its peers."""
    os.environ["DJANGO_SETTINGS_MODULE"] = BEFORE
    with world(DJANGO_SETTINGS_MODULE=BEFORE, TENANT_POOL_SIZE="0") as stack:
        for size in (20,) if quick else (10, 100, 1000, 3000):
            grow(stack, size)
            _releases(report, stack, size, rounds=1 if quick else 3)


def _releases(report: Report, stack: Stack, size: int, *, rounds: int) -> None:
    names = _names(stack)
    most = 2 if rounds == 1 else 6  # of the peer's, whose time per tenant does not depend on it
    sample = names[:: max(1, len(names) // most)][:most]
    each: dict[str, list[float]] = {}

    def note(title: str, seconds: float, tenants: int) -> None:
        each.setdefault(title, []).append(1000 * seconds / tenants)

    for _ in range(rounds):
        note("no-op: ours", _release(stack, BEFORE), size)
        note("no-op: multiprocessing", _peer(stack, BEFORE, sample), len(sample))
        note("AddField: bare ALTER loop", _alter(stack, names), size)
        _undo(stack, ADD_FIELD, names)
        note("AddField: ours", _release(stack, ADD_FIELD), size)
        _undo(stack, ADD_FIELD, names)
        note("AddField: multiprocessing", _peer(stack, ADD_FIELD, sample), len(sample))
        _undo(stack, ADD_FIELD, sample)
        note("mixed: ours", _release(stack, MIXED), size)
        _undo(stack, MIXED, names)
        note("mixed: multiprocessing", _peer(stack, MIXED, sample), len(sample))
        _undo(stack, MIXED, sample)
    for title, values in each.items():
        median = report.add(f"{size} tenants, {title}", "ms a tenant", values)
        report.point(title, size, median)
    _compare(report, each, size)


def _compare(report: Report, each: dict[str, list[float]], size: int) -> None:
    def ratios(over: str, under: str) -> list[float]:
        return [a / b for a, b in zip(each[over], each[under], strict=True)]

    at = f"{size} tenants"
    report.add(
        f"{at}, no-op in all", "s", [ms * size / 1000 for ms in each["no-op: ours"]],
        goal="≤ 1 at 1,000", holds=lambda seconds: seconds <= 1,
    )  # fmt: skip
    report.add(
        f"{at}, AddField: times faster than multiprocessing", "times",
        ratios("AddField: multiprocessing", "AddField: ours"),
        goal="≥ 150 at 1,000", holds=lambda ratio: ratio >= 150,
    )  # fmt: skip
    report.add(
        f"{at}, AddField: times the bare ALTER loop", "times",
        ratios("AddField: ours", "AddField: bare ALTER loop"),
        goal="≤ 2 at 1,000", holds=lambda ratio: ratio <= 2,
    )  # fmt: skip
    report.add(
        f"{at}, mixed: times faster than multiprocessing", "times",
        ratios("mixed: multiprocessing", "mixed: ours"),
        goal="≥ 20 at 1,000", holds=lambda ratio: ratio >= 20,
    )  # fmt: skip


def _names(stack: Stack) -> list[str]:
    query = "SELECT schema_name FROM tenants_tenant WHERE provisioned_at IS NOT NULL ORDER BY id"
    with psycopg.connect(stack.database_url) as database:
        return [name for (name,) in database.execute(query).fetchall()]


def _release(stack: Stack, release: str) -> float:
    """Return what the fleet took, without Python's and Django's start."""
    environ = {"DJANGO_SETTINGS_MODULE": release}
    done = stack.manage("migrate_fleet", "--json", environ=environ, timeout=None)
    assert done.returncode == 0, done.stderr
    return float(json.loads(done.stdout)["seconds"])


def _peer(stack: Stack, release: str, names: list[str]) -> float:
    """Let django-tenants' own executor migrate some tenants; return what it took."""
    environ = {"DJANGO_SETTINGS_MODULE": release}
    script = PEER.format(names=names)
    done = stack.manage("shell", "-v0", "-c", script, environ=environ, timeout=None)
    assert done.returncode == 0, done.stderr
    return float(done.stdout.split()[-1])


def _alter(stack: Stack, names: list[str]) -> float:
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        begun = time.perf_counter()
        for name in names:
            database.execute(sql.SQL(ALTER).format(sql.Identifier(name)))
        return time.perf_counter() - begun


def _undo(stack: Stack, release: str, names: list[str]) -> None:
    """Bring schemas, and public's records, back to the release before."""
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        for name in names:
            for statement in UNDO[release]:
                database.execute(statement.format(f'"{name}"').encode())
        for name in (*names, "public"):
            database.execute(sql.SQL(FORGET).format(sql.Identifier(name)))


if __name__ == "__main__":
    main(measure)
