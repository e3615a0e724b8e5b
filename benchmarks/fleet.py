"""A release over the fleet: nothing to do, one AddField, and a mixed one."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable

import psycopg
from psycopg import sql

from benchmarks.figures import Report
from benchmarks.world import grow, main, world
from devstack.stack import Stack

BEFORE, ADD_FIELD, MIXED = (
    f"benchmarks.releases.{name}" for name in ("before", "after_add_field", "after_mixed")
)
ALTER = "ALTER TABLE {}.parcels_parcel ADD COLUMN shelf varchar(10) DEFAULT '' NOT NULL"
FORGET = "DELETE FROM {0}.django_migrations WHERE app = 'parcels' AND name <> '0001_initial'"
TENANTS = """
    SELECT schema_name, migrations_fingerprint FROM tenants_tenant
    WHERE provisioned_at IS NOT NULL ORDER BY id
"""
UNDO = {
    ADD_FIELD: "ALTER TABLE {0}.parcels_parcel DROP COLUMN IF EXISTS shelf",
    MIXED: """
        DROP TABLE IF EXISTS {0}.parcels_shelf;
        ALTER TABLE {0}.parcels_parcel DROP COLUMN IF EXISTS weight;
        ALTER TABLE {0}.parcels_parcel DROP COLUMN label;
        ALTER TABLE {0}.parcels_parcel ADD COLUMN label varchar(80) NOT NULL
    """,
}
PEER = """
import time
from django_tenants.migration_executors import get_executor
options = dict(verbosity=0, interactive=False, database="default", app_label=None, plan=False,
    migration_name=None, fake=False, fake_initial=False, run_syncdb=False, check_unapplied=False,
    prune=False, skip_checks=True, force_color=False, no_color=True, settings=None,
    pythonpath=None, traceback=False)
begun = time.perf_counter()
get_executor("multiprocessing")((), options).run_migrations({names!r})
print(time.perf_counter() - begun)
"""
# What a release costs once weighs on a small fleet: these goals are for a thousand tenants.
JUDGED_FROM = 1000
FLAT_FROM = 100
WITH_PUBLIC = "no-op: ours, with the shared schema"
Values = dict[str, list[float]]


def measure(report: Report, quick: bool) -> None:
    """Do each release at several sizes of the fleet, each in turn with its peers."""
    os.environ["DJANGO_SETTINGS_MODULE"] = BEFORE
    first: Values | None = None
    with world(DJANGO_SETTINGS_MODULE=BEFORE, TENANT_POOL_SIZE="0") as stack:
        for size in report.sizes:
            grow(stack, size)
            each = _releases(Fleet(stack), size, rounds=1 if quick else 3)
            for title, values in each.items():
                value = report.add(_at(size, title), "ms a tenant", values)
                report.point("A release, ms a tenant", title, size, value)
            _compare(report, each, size)
            if first and size > FLAT_FROM:
                _flat(report, first, each, size)
            first = first or (each if size >= FLAT_FROM else None)


def _releases(fleet: Fleet, size: int, *, rounds: int) -> Values:
    """Return milliseconds a tenant for each way of each release, one for each round."""
    # The peer takes minutes over a fleet, the same for each tenant: a sample tells.
    most = 4 if rounds == 1 else 12
    sample = fleet.names[:: max(1, size // most)][:most]
    each: Values = {}
    for _ in range(rounds):
        in_tenants, in_all = fleet.release(BEFORE)
        taken: list[tuple[str, float, int]] = [
            ("no-op: ours", in_tenants, size),
            (WITH_PUBLIC, in_all, size),
            ("no-op: multiprocessing", fleet.release_by_peer(BEFORE, sample), len(sample)),
            ("AddField: bare ALTER loop", fleet.alter(), size),
        ]
        fleet.undo(ADD_FIELD)
        taken.append(("AddField: ours", fleet.release(ADD_FIELD)[0], size))
        fleet.undo(ADD_FIELD)
        seconds = fleet.release_by_peer(ADD_FIELD, sample)
        taken.append(("AddField: multiprocessing", seconds, len(sample)))
        fleet.undo(ADD_FIELD)
        taken.append(("mixed: ours", fleet.release(MIXED)[0], size))
        fleet.undo(MIXED)
        seconds = fleet.release_by_peer(MIXED, sample)
        taken.append(("mixed: multiprocessing", seconds, len(sample)))
        fleet.undo(MIXED)
        for title, seconds, tenants in taken:
            each.setdefault(title, []).append(1000 * seconds / tenants)
    return each


def _compare(report: Report, each: Values, size: int) -> None:
    def judge(name: str, unit: str, values: list[float], goal: str, test: Judge) -> None:
        holds = test if size >= JUDGED_FROM else None
        report.add(_at(size, name), unit, values, goal=f"{goal} at 1,000", holds=holds)

    judge(
        "no-op in all", "s", [ms * size / 1000 for ms in each[WITH_PUBLIC]], "≤ 1",
        lambda value: value <= size / JUDGED_FROM,
    )  # fmt: skip
    ours, peer = each["AddField: ours"], each["AddField: multiprocessing"]
    judge(
        "AddField: times faster than multiprocessing", "times", _ratios(peer, ours), "≥ 150",
        lambda ratio: ratio >= 150,
    )  # fmt: skip
    bare = _ratios(ours, each["AddField: bare ALTER loop"])
    judge("AddField: times the bare ALTER loop", "times", bare, "≤ 2", lambda ratio: ratio <= 2)
    mixed = _ratios(each["mixed: multiprocessing"], each["mixed: ours"])
    judge(
        "mixed: times faster than multiprocessing", "times", mixed, "≥ 20",
        lambda ratio: ratio >= 20,
    )  # fmt: skip


def _flat(report: Report, first: Values, each: Values, size: int) -> None:
    for title in ("no-op: ours", "AddField: ours", "mixed: ours"):
        report.add(
            _at(size, f"{title}, a tenant's cost over that at {FLAT_FROM}"), "times",
            _ratios(each[title], first[title]),
            goal="flat: ≤ 1.2", holds=lambda ratio: ratio <= 1.2,
        )  # fmt: skip


Judge = Callable[[float], bool]


def _ratios(over: list[float], under: list[float]) -> list[float]:
    return [a / b for a, b in zip(over, under, strict=True)]


def _at(size: int, name: str) -> str:
    return f"{size} tenants, {name}"


class Fleet:
    """The tenants of a stack at the release before, and the ways from there to another."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._run(BEFORE)  # at head, with the marks that say so
        with psycopg.connect(stack.database_url) as database:
            rows = database.execute(TENANTS).fetchall()
        self.names = [name for name, _mark in rows]
        self._mark = rows[0][1]

    def release(self, release: str) -> tuple[float, float]:
        """Migrate all by `migrate_fleet`; return seconds in the tenants, and in all.

        Neither counts Python's and Django's start; the first leaves out the shared schema, as the
        peers' figures do.
        """
        told = json.loads(self._run(release))
        return told["seconds"] - told["seconds_in_public"], told["seconds"]

    def release_by_peer(self, release: str, names: list[str]) -> float:
        """Migrate some by django-tenants' executor; return seconds, again without the start."""
        return float(self._manage(release, "shell", "-v0", "-c", PEER.format(names=names)))

    def alter(self) -> float:
        """Add the column to all by hand, one statement after the other; return seconds."""
        with psycopg.connect(self._stack.database_url, autocommit=True) as database:
            begun = time.perf_counter()
            for name in self.names:
                database.execute(sql.SQL(ALTER).format(sql.Identifier(name)))
            return time.perf_counter() - begun

    def undo(self, release: str) -> None:
        """Bring schemas, records and marks back to the release before."""
        with psycopg.connect(self._stack.database_url, autocommit=True) as database:
            for name in self.names:
                database.execute(f"{UNDO[release]}; {FORGET}".format(f'"{name}"').encode())
            database.execute(FORGET.format("public").encode())
            database.execute("UPDATE tenants_tenant SET migrations_fingerprint = %s", [self._mark])

    def _run(self, release: str) -> str:
        return self._manage(release, "migrate_fleet", "--json").splitlines()[-1]

    def _manage(self, release: str, *arguments: str) -> str:
        environ = {"DJANGO_SETTINGS_MODULE": release}
        done = self._stack.manage(*arguments, environ=environ, timeout=None)
        assert done.returncode == 0, done.stderr
        return done.stdout


if __name__ == "__main__":
    main(measure)
