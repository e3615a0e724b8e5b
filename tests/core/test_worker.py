"""The worker process: how it ends, what it outlives, and how soon its death is noticed."""

from __future__ import annotations

import signal
import time

import psycopg

from devstack.stack import Stack
from tests.core.stopped_backends import backends, stopped
from tests.core.unruly_worker import defer, eventually, noted, status_of, word, working
from tests.core.web_stack import WebStack
from tests.customer import Order, Shop, until

__all__ = ["word"]
# The minute that a worker may take, and what a busy machine adds.
BACK_WITHIN = 60


def test_a_worker_that_is_told_to_stop_ends_well(breakable: Stack) -> None:
    worker = breakable.running["worker"]

    worker.signal(signal.SIGTERM)

    assert until(lambda: worker.exit_code is not None, within=40)
    assert worker.exit_code == 0
    with psycopg.connect(breakable.database_url) as connection:
        assert connection.execute("SELECT count(*) FROM core_workerlife").fetchone() == (0,)


def test_a_worker_outlives_its_database_and_works_again_by_itself(breakable: Stack) -> None:
    """Longer than its connections are waited for (15 s), so that everything of it has failed once."""
    worker, shop = breakable.running["worker"], Shop(breakable)

    breakable.kill_part("postgres")
    time.sleep(45)
    assert worker.exit_code is None
    breakable.start_part("postgres")

    bought = shop.check_out(Order())
    shop.pay(bought)
    shop.wait_for(bought, within=BACK_WITHIN)
    assert breakable.running["worker"].exit_code is None
    breakable.wait_ready(timeout=BACK_WITHIN)


def test_a_worker_that_starts_before_its_database_waits_for_it(breakable: Stack) -> None:
    for part in ("worker", "postgres"):
        breakable.kill_part(part)
    worker = breakable.start_part("worker")
    time.sleep(10)
    assert worker.exit_code is None
    breakable.start_part("postgres")
    breakable.wait_ready(timeout=BACK_WITHIN)

    breakable.kill_part("postgres")
    time.sleep(2)
    worker.signal(signal.SIGTERM)
    assert until(lambda: worker.exit_code is not None, within=60)
    assert worker.exit_code == 0, "it ends well without a database, too"


def test_the_jobs_of_a_killed_worker_are_told_at_once_and_not_by_its_silence(
    web_stack: WebStack, word: str
) -> None:
    """A heartbeat would have to be missing for 20 seconds; here even for half an hour."""
    patient = {"UNRULY_SILENCE": "1800"}
    job = defer("hang_once", word=word)
    with working(web_stack, killed=True, environ=patient) as doomed:
        eventually(lambda: noted(word))
        with working(web_stack, environ=patient):
            eventually(lambda: workers(web_stack) == 2)
            doomed.kill()
            doomed.wait()
            eventually(lambda: len(noted(word)) == 2, within=30)
            eventually(lambda: status_of(job) is None)
            assert workers(web_stack) == 1


def workers(web_stack: WebStack) -> int:
    """Return how many workers of the queue are known to live."""
    with psycopg.connect(web_stack.stack.database_url) as connection:
        [[count]] = connection.execute("SELECT count(*) FROM core_workerlife").fetchall()
    return int(count)


def test_a_worker_whose_connections_all_stand_still_works_on_with_new_ones(
    web_stack: WebStack, word: str
) -> None:
    """Its own locks are held by sessions that nobody can end: it must not wait for them."""
    defer("note", word=word)
    with working(web_stack, "--concurrency", "4"):
        eventually(lambda: noted(word))
        pids = backends(web_stack.stack, of="worker")
        assert len(pids) > 2
        with stopped(pids):
            defer("note", word=f"{word}, later")
            eventually(lambda: noted(f"{word}, later"), within=BACK_WITHIN)
