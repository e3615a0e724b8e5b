"""A worker that knows the unruly jobs, and what a test asks of the queue."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager

import pytest
from django.db import connection
from procrastinate.contrib.django import app

from devstack.processes import ROOT
from public_apps.core import jobs
from tests.core.web_stack import WebStack

UNRULY_RANK: jobs.Rank = {"queue": "unruly", "priority": 0}
UNRULY = {"DJANGO_SETTINGS_MODULE": "tests.core.unruly.settings", "TENANT_POOL_SIZE": "0"}


@pytest.fixture
def word(web_stack: WebStack) -> Iterator[str]:
    """A word that only this test's jobs write down."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE IF NOT EXISTS public.noted (word text, search_path text)")
    yield secrets.token_hex(8)
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE public.noted")


@contextmanager
def working(
    web_stack: WebStack,
    *options: str,
    killed: bool = False,
    ahead: float | None = None,
    environ: Mapping[str, str] | None = None,
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker that knows the unruly jobs, by default one at a time on one connection.

    Its clock may be ahead of everybody's by so many seconds, or behind.
    """
    options = options or ("--concurrency", "1", "--no-reserve")
    with (web_stack.stack.logs / "unruly.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, *_off(ahead), "manage.py", "worker", *options],
            cwd=ROOT,
            env={**web_stack.stack.env, **UNRULY, **(environ or {})},
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        yield worker
    finally:
        worker.send_signal(signal.SIGTERM)
        try:
            assert worker.wait(60) == (-signal.SIGKILL if killed else 0)
        finally:
            worker.kill()
            worker.wait()


def _off(ahead: float | None) -> tuple[str, ...]:
    return () if ahead is None else ("-m", "tests.core.shifted_clock", str(ahead))


def defer(name: str, *, rank: jobs.Rank = UNRULY_RANK, lock: str = "", **arguments: object) -> int:
    """Enqueue a job by its name, as `defer` does."""
    task = app.configure_task(
        f"unruly.{name}", allow_unknown=True, queueing_lock=lock or None, **rank
    )
    return task.defer(**arguments)  # type: ignore[arg-type]  # plain JSON


def noted(word: str) -> list[str]:
    """Return the search paths under which a word was written down."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT search_path FROM public.noted WHERE word = %s", [word])
        return [path for (path,) in cursor.fetchall()]


def status_of(job_id: int) -> str | None:
    """Return a job's status, or None once it is done and gone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT status::text FROM procrastinate_jobs WHERE id = %s", [job_id])
        row = cursor.fetchone()
    return row[0] if row else None


def eventually(held: Callable[[], object], *, within: float = 120) -> None:
    """Wait until something holds."""
    deadline = time.monotonic() + within
    while not held():
        assert time.monotonic() < deadline
        time.sleep(0.1)
