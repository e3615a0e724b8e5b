"""A system of its own for each benchmark, gone afterwards."""

from __future__ import annotations

import argparse
import json
import os
import signal
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import psycopg

from benchmarks.figures import Report
from devstack import environment, template
from devstack.stack import Stack

SIZES, QUICK_SIZES = (10, 100, 1000, 3000), (20,)
BUILD = """
from public_apps.tenants import schema_creation
for _ in range({count}):
    schema_creation.build_tenant()
"""
OPEN = """
    UPDATE tenants_tenant SET claimed_at = now(), opened_at = now()
    WHERE provisioned_at IS NOT NULL AND claimed_at IS NULL
"""


@contextmanager
def world(*parts: str, settings_here: str = "", **environ: str) -> Iterator[Stack]:
    """Start these parts on a database at head; this process works on the same database.

    `settings_here` are this process's own settings, if they differ from those of the parts.
    """
    base = Path(os.environ.get("CONCIERGE_STATE", "var")) / "bench"
    base.mkdir(parents=True, exist_ok=True)
    plain = environment.without_settings(os.environ)
    at_head = template.made(
        template.shelf(base / "templates") / "at-head", environ=plain, prepare=Stack.release
    )
    given = {**plain, "CHECKOUT_RATE": "60000/min", **environ}
    stack = Stack(Path(tempfile.mkdtemp(dir=base)), environ=given, template=at_head)
    try:
        stack.start_part("postgres")
        if "DJANGO_SETTINGS_MODULE" in environ:  # with apps that the template doesn't know
            stack.command("release", "migrate_fleet")
        for part in parts:
            stack.start_part(part)
        os.environ.update(stack.env)
        if settings_here:
            os.environ["DJANGO_SETTINGS_MODULE"] = settings_here
        import django

        django.setup()
        yield stack
    finally:
        stack.discard()


def grow(stack: Stack, tenants: int) -> None:
    """Add tenants until there are so many, and open them all."""
    with psycopg.connect(stack.database_url) as database:
        row = database.execute(
            "SELECT count(*) FROM tenants_tenant WHERE provisioned_at IS NOT NULL"
        )
        (there,) = row.fetchone() or (0,)
    add_spares(stack, tenants - there)
    # Within a transaction ANALYZE would lock the tables of all tenants at once.
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        database.execute(OPEN)
        database.execute("ANALYZE")


def add_spares(stack: Stack, count: int, *, by: int = 2) -> None:
    """Build so many tenants that nobody has claimed, in so many processes."""
    shares = [count // by + (number < count % by) for number in range(by)]
    with ThreadPoolExecutor(by) as hands:
        for said in hands.map(lambda share: _build(stack, share), shares):
            assert not said, said


def _build(stack: Stack, count: int) -> str:
    """Build some; return what went wrong."""
    if count <= 0:
        return ""
    script = BUILD.format(count=count)
    done = stack.manage("shell", "-v0", "-c", script, timeout=None)
    return done.stderr if done.returncode else ""


def main(measure: Callable[[Report, bool], None]) -> None:
    """Run one benchmark as a program: `--quick`, `--tenants`, and `--json PATH` for the frame."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--tenants", type=int, default=SIZES[-1])
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    # A world has an end of its own: a termination must not leave it lying about.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    sizes = QUICK_SIZES if arguments.quick else SIZES
    report = Report(sizes=tuple(size for size in sizes if size <= arguments.tenants))
    try:
        measure(report, arguments.quick)
    finally:  # what an hour has measured is not lost with the next minute
        arguments.json.write_text(json.dumps(report.as_dict()))
