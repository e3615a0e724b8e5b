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
    reserved = {queue for slots in jobs.RESERVED for queue in slots.queues or ()}
    assert reserved == {jobs.SWEEP["queue"], jobs.PURCHASE["queue"], jobs.MAIL["queue"]}


def test_what_asks_others_or_works_for_long_takes_no_reserved_slot() -> None:
    short = {name for name in OURS if app.tasks[name].queue == jobs.SWEEP["queue"]}
    assert {name.rpartition(".")[2] for name in short} == {
        "rescue_stalled_jobs", "review_access", "sweep_events", "sweep_mail", "sweep_signups",
        "watch_thresholds",
    }  # fmt: skip
