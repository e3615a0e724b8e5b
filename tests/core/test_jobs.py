"""Jobs: each begins in public whatever the last one left, and none is lost with its worker."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from functools import partial

import pytest
from django.db import connection, transaction

from public_apps.core import jobs
from public_apps.core.tasks import rescue_stalled_jobs
from public_apps.tenants.models import Tenant
from public_apps.tenants.tasks import enqueue_refill
from tests.core.unruly_worker import defer, eventually, noted, status_of, word, working
from tests.core.web_stack import WebStack

__all__ = ["word"]


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


SHARED = (jobs.PURCHASE, jobs.SWEEP, jobs.MAIL, jobs.WORK, jobs.HOUSEKEEPING, jobs.LAST, jobs.SPARE)


def test_jobs_that_hang_in_every_common_slot_leave_each_kind_its_share(
    web_stack: WebStack, word: str
) -> None:
    for _ in range(2):
        defer("hang", word=word)
    with working(web_stack, "--concurrency", "2", killed=True) as worker:
        eventually(lambda: len(noted(word)) == 2)
        defer("note", word=f"{word}, of others")
        for rank in SHARED:
            defer("note", rank=rank, word=f"{word}, {rank['queue']}")
        for rank in SHARED:
            eventually(partial(noted, f"{word}, {rank['queue']}"))
        assert noted(f"{word}, of others") == [], "two slots, and both hang"
        worker.kill()
        worker.wait()
    with connection.cursor() as cursor:  # or another test's worker would rescue them, and hang
        cursor.execute("DELETE FROM procrastinate_jobs WHERE task_name = 'unruly.hang'")


def test_however_many_mails_hang_all_else_goes_on(web_stack: WebStack, word: str) -> None:
    [mail] = [each for each in jobs.SHARES if each.name == "mail"]
    for _ in range(mail.count + 10):
        defer("hang", rank=jobs.AWAITED_MAIL, word=word)
    with working(web_stack, "--concurrency", "1", killed=True) as worker:
        eventually(lambda: len(noted(word)) == mail.count)
        for rank in (jobs.PURCHASE, jobs.EVENT, jobs.WORK):
            defer("note", rank=rank, word=f"{word}, {rank['queue']}")
        for rank in (jobs.PURCHASE, jobs.EVENT, jobs.WORK):
            eventually(partial(noted, f"{word}, {rank['queue']}"))
        assert len(noted(word)) == mail.count
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
