"""Whatever has piled up before them, within a minute who has paid is ready and who is due suspended.

Not by a stop-watch: by how often the clock must strike, with hardly any slot free between two strokes.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.contrib.django.models import ProcrastinateJob

from public_apps.core import clock, jobs, turns
from public_apps.core.periodic_runs import PERIODIC
from public_apps.monitoring.models import Incident
from public_apps.onboarding.models import Signup
from public_apps.tenants import schema_creation
from public_apps.tenants.models import Tenant
from staff.alerts import kinds
from tests.unit.core.sweep_scenes import SCENES, break_rows, overdue, signups

MINUTE = timedelta(minutes=1)
WAITING, BROKEN, REFUSED = 1000, 50, 50
# All slots that may be are held by others, and a job takes a second in those that are purchases' own.
[SLOTS] = [each for each in jobs.SHARES if each.name == "purchases"]


@pytest.fixture
def piled_up(db: None) -> Sequence[Signup]:
    """1,000 debits that take days, 50 damaged tenants, 50 paid sign-ups that can't be written.

    All of them came before whoever the tests are about; those 50 sign-ups are returned.
    """
    ProcrastinateJob.objects.all().delete()
    schema_creation.build_tenant()  # a spare, which each of those would have, and gives back
    signups(WAITING, session_expires_at=clock.now() - timedelta(hours=1))
    overdue(BROKEN, damaged=True)
    refused = signups(REFUSED, paid_at=clock.now() - timedelta(minutes=20))
    scene = replace(SCENES["paid_signups"], table="onboarding_signup", column="id")
    break_rows(replace(scene, value=lambda signup: signup.pk), refused)
    return refused


def time_until(done: Callable[[], bool], *, by: str) -> timedelta:
    """Let a job strike as its clock has it and slots work in between; return how long that is."""
    job = PERIODIC[by]
    run = jobs.task_named(by).func
    for strokes in range(1, 21):
        _ends_somehow(lambda: run(0))
        _work(SLOTS.count * int(job.period.total_seconds()))
        if done():
            return strokes * job.period
    pytest.fail(f"{by} struck twenty times in vain")


def _work(most: int) -> None:
    """Do jobs as the slots of purchases do, in the queue's own order."""
    for job in _fetched(most):
        task = app.tasks[job.task_name]
        _ends_somehow(lambda: task.func(**job.args))  # noqa: B023 - called at once
        ProcrastinateJob.objects.filter(pk=job.pk).delete()


def _fetched(most: int) -> Iterator[ProcrastinateJob]:
    for _ in range(most):
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT id FROM procrastinate_fetch_job_v2(%s, NULL)", [list(SLOTS.queues or ())]
            )
            (job_id,) = cursor.fetchone()
        if job_id is None:
            return
        yield ProcrastinateJob.objects.get(pk=job_id)


def _ends_somehow(work: Callable[[], object]) -> None:
    """As a worker does: what a job raises is the end of that job, and of nothing else."""
    with contextlib.suppress(Exception):  # what it left undone is what the tests look at
        work()


def test_a_paid_sign_up_that_a_crash_has_left_is_ready_within_a_minute(
    piled_up: Sequence[Signup],
) -> None:
    [paid] = signups(1, paid_at=clock.now() - timedelta(minutes=10))
    Signup.objects.filter(pk=paid.pk).update(checkout_session_id=None)

    def is_ready() -> bool:
        return Signup.objects.get(pk=paid.pk).ready_at is not None

    assert time_until(is_ready, by="billing.sweep_signups") <= MINUTE
    in_vain = set(turns.failing("paid_signups"))
    assert in_vain == {str(each.pk) for each in piled_up}, "all of them were in its way"


def test_a_suspension_that_is_due_happens_within_a_minute(piled_up: Sequence[Signup]) -> None:
    [due] = overdue(1)

    def is_suspended() -> bool:
        return Tenant.objects.get(pk=due.pk).suspended_at is not None

    assert time_until(is_suspended, by="billing.review_access") <= MINUTE
    incident = Incident.objects.get(kind=kinds.SWEEP_FAILING.name, subject="review_access")
    assert len(incident.lines) == BROKEN
    assert not any(due.schema_name in line for line in incident.lines)


def test_an_event_behind_all_that_are_refused_is_taken_at_the_first_stroke(db: None) -> None:
    refused = SCENES["sweep_events"].make(REFUSED)
    break_rows(SCENES["sweep_events"], refused)
    [good] = SCENES["sweep_events"].make(1)

    def is_taken() -> bool:
        return SCENES["sweep_events"].done(good)

    assert (
        time_until(is_taken, by="billing.sweep_events") == PERIODIC["billing.sweep_events"].period
    )
    assert not any(SCENES["sweep_events"].done(event) for event in refused)
