"""Where the tests in tests/unit find a PostgreSQL: on the run's server, or on one of their own."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import psycopg
from django.conf import settings
from psycopg import sql

from config import development
from devstack import databases, environment
from devstack.processes import ROOT
from devstack.run_directory import StateInUse
from devstack.stack import Stack

MOST_RUNS = 20
OURS = "concierge_unit_"


@contextmanager
def open_one() -> Iterator[str]:
    """Yield the address of a database for this process alone.

    Where a run gives a server (bin/test does), it is a new one beside that run's own, dropped
    afterwards. Else a PostgreSQL starts in var/unit-…, and what the last run left at head is there.
    """
    given = str(settings.DATABASE_URL)
    if given != development.NOWHERE:
        with databases.made(given, database=_beside(given)) as url:
            yield url
        return
    with _own_stack() as stack:
        stack.start_part("postgres")
        yield _kept(stack.database_url)


def _beside(given: str) -> str:
    """Return a name on that server that nobody else would choose: what bears it is dropped first."""
    told = f"{ROOT} {urlsplit(given).path}"
    return f"{OURS}{hashlib.sha256(told.encode()).hexdigest()[:16]}"


def _own_stack() -> Stack:
    state = Path(os.environ.get("CONCIERGE_STATE", ROOT / "var")).absolute()
    for number in range(1, MOST_RUNS + 1):
        try:
            given = environment.for_a_system(os.environ)
            return Stack(state / f"unit-{number}", environ=given, patience=0)
        except StateInUse:
            continue
    raise StateInUse(f"{MOST_RUNS} runs of tests/unit hold all of their folders in {state}.")


def _kept(url: str) -> str:
    """Return the address of a database for these very migrations, made now if there is none."""
    name = f"{OURS}{_fingerprint()}"
    with psycopg.connect(url, autocommit=True) as server:
        rows = server.execute(
            "SELECT datname FROM pg_database WHERE datname LIKE 'concierge_unit_%'"
        )
        found = {str(other) for (other,) in rows}
        for other in found - {name}:
            server.execute(sql.SQL("DROP DATABASE {}").format(sql.Identifier(other)))
        if name not in found:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    return databases.address_of(url, database=name)


def _fingerprint() -> str:
    """Say in a few letters which migrations these are: another branch has a database of its own."""
    digest = hashlib.sha256((ROOT / "requirements.txt").read_bytes())
    for path in sorted(ROOT.glob("[!.]*/**/*migrations/*.py")):
        if "node_modules" not in path.parts:
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
