"""Jobs: each begins in public whatever the last one left, and none is lost with its worker."""

from __future__ import annotations

import secrets
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial

import pytest
from django.db import connection, transaction
from procrastinate.contrib.django import app

from devstack.processes import ROOT
from public_apps.core import jobs
from public_apps.core.tasks import rescue_stalled_jobs
from public_apps.tenants.models import Tenant
from public_apps.tenants.tasks import enqueue_refill
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
    web_stack: WebStack, *options: str, killed: bool = False
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a worker that knows the unruly jobs, by default one at a time on one connection."""
    options = options or ("--concurrency", "1", "--no-reserve")
    with (web_stack.stack.logs / "unruly.log").open("ab") as log:
        worker = subprocess.Popen(
            [sys.executable, "manage.py", "worker", *options],
            cwd=ROOT,
            env={**web_stack.stack.env, **UNRULY},
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


@pytest.mark.parametrize("fail", [False, True])
def test_a_job_begins_in_public_whatever_the_last_one_left(
    web_stack: WebStack, word: str, fail: bool
) -> None:
    defer("leave", schema=web_stack.acme.tenant.schema_name, fail=fail)
    defer("note", word=word)
    with working(web_stack):
        eventually(lambda: noted(word))
    assert noted(word) == ["public"]


def test_a_job_enqueued_by_a_job_is_taken_back_with_its_transaction(
    web_stack: WebStack, word: str
) -> None:
    failing = defer("promise_and_fail", word=word)
    with working(web_stack):
        eventually(lambda: status_of(failing) == "failed")
        defer("note", word=f"{word}, later")
        eventually(lambda: noted(f"{word}, later"))
    assert noted(word) == []


def test_a_job_asked_for_twice_runs_once_and_poisons_nothing(
    web_stack: WebStack, word: str
) -> None:
    asking = defer("ask_twice", word=word)
    with working(web_stack):
        eventually(lambda: status_of(asking) is None and noted(word))
    assert (len(noted(word)), len(noted(f"{word}, written"))) == (1, 1)


def test_asking_for_a_refill_again_and_again_leaves_one_waiting(web_stack: WebStack) -> None:
    with transaction.atomic():
        for _ in range(3):
            enqueue_refill()
        list(Tenant.objects.all()[:1])  # the transaction is alive
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM procrastinate_jobs WHERE task_name LIKE '%%refill_pool'"
        )
        assert cursor.fetchone() == (1,)


def test_a_job_whose_worker_was_killed_runs_again_on_another(
    web_stack: WebStack, word: str
) -> None:
    job = defer("hang_once", word=word)
    with working(web_stack, killed=True) as doomed:
        eventually(lambda: noted(word))
        doomed.kill()
        doomed.wait()
    assert status_of(job) == "doing", "nobody has noticed yet"
    with working(web_stack):
        eventually(lambda: len(noted(word)) == 2, within=120)
        eventually(lambda: status_of(job) is None)


def test_jobs_that_hang_in_every_slot_leave_room_for_purchases_and_mail(
    web_stack: WebStack, word: str
) -> None:
    for _ in range(2):
        defer("hang", word=word)
    with working(web_stack, "--concurrency", "2", killed=True) as worker:
        eventually(lambda: len(noted(word)) == 2)
        defer("note", word=f"{word}, of others")
        for rank in (jobs.PURCHASE, jobs.SWEEP, jobs.MAIL):
            defer("note", rank=rank, word=f"{word}, {rank['queue']}")
        for rank in (jobs.PURCHASE, jobs.SWEEP, jobs.MAIL):
            eventually(partial(noted, f"{word}, {rank['queue']}"))
        assert noted(f"{word}, of others") == [], "two slots, and both hang"
        worker.kill()
        worker.wait()
    with connection.cursor() as cursor:  # or another test's worker would rescue them, and hang
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'unruly.hang'")


def lose_worker(*job_ids: int) -> None:
    """Let a worker have begun with these jobs, and be gone without a trace."""
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE procrastinate_jobs SET status = 'doing', worker_id = NULL WHERE id = ANY(%s)",
            [list(job_ids)],
        )


def rescue_in_a_thread() -> None:
    """Rescue as a worker does: in a thread where no event loop runs, such as the browser tests' one."""

    def rescue() -> None:
        try:
            rescue_stalled_jobs(timestamp=0)
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(rescue).result()


def test_a_rescued_job_keeps_its_rank(web_stack: WebStack) -> None:
    job = defer("note", rank=jobs.PURCHASE, word="rescued")
    lose_worker(job)
    rescue_in_a_thread()
    assert status_of(job) == "todo"
    with connection.cursor() as cursor:
        cursor.execute("SELECT queue_name, priority FROM procrastinate_jobs WHERE id = %s", [job])
        assert cursor.fetchone() == (jobs.PURCHASE["queue"], jobs.PURCHASE["priority"])


def test_a_job_that_was_enqueued_anew_meanwhile_keeps_no_other_from_its_rescue(
    web_stack: WebStack,
) -> None:
    doubled = defer("note", lock="twice", word="doubled")
    behind = defer("note", word="behind it")
    lose_worker(doubled, behind)
    twin = defer("note", lock="twice", word="doubled")
    rescue_in_a_thread()
    assert (status_of(doubled), status_of(twin), status_of(behind)) == (None, "todo", "todo")
