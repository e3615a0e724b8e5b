"""Every kind of job has its rank, from one table."""

from __future__ import annotations

import pytest
from procrastinate.contrib.django import app

from public_apps.core import jobs

OURS = sorted(name for name in app.tasks if not name.startswith(("builtin:", "procrastinate.")))


@pytest.mark.parametrize("name", OURS)
def test_a_job_has_one_of_the_ranks(name: str) -> None:
    task = app.tasks[name]
    assert {"queue": task.queue, "priority": task.priority} in jobs.RANKS


def test_nobody_who_has_paid_and_no_sweep_waits_behind_events_of_others() -> None:
    first = (jobs.SWEEP, jobs.PURCHASE, jobs.AWAITED_MAIL, jobs.LATE_SIGNUP)
    assert min(rank["priority"] for rank in first) > jobs.EVENT["priority"]


def test_every_kind_of_job_has_slots_and_no_slow_one_more_than_its_share() -> None:
    common, *shares = jobs.slots(4)
    assert {each.name: each.queues for each in shares}.keys() >= {"purchases", "sweeps", "mail"}
    served = {queue for each in (common, *shares) for queue in each.queues or ()}
    assert {each["queue"] for each in jobs.RANKS} <= served
    assert {task.queue for task in app.tasks.values()} <= served
    slow = {
        each["queue"] for each in (jobs.MAIL, jobs.WORK, jobs.HOUSEKEEPING, jobs.LAST, jobs.SPARE)
    }
    assert not slow & {*(common.queues or ())}
    assert common.count == 4


def test_a_worker_without_shares_takes_every_job_in_the_same_slots() -> None:
    [common] = jobs.slots(1, shared=False)
    assert (common.count, common.queues) == (1, None)


def test_what_asks_others_or_works_for_long_is_no_sweep() -> None:
    short = {name for name in OURS if app.tasks[name].queue == jobs.SWEEP["queue"]}
    assert {name.rpartition(".")[2] for name in short} == {
        "rescue_stalled_jobs", "review_access", "sweep_events", "sweep_mail", "sweep_signups",
        "watch_thresholds",
    }  # fmt: skip
