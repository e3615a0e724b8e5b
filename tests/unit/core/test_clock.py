"""A process whose clock is off does what is due at the database's time all the same."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone
from procrastinate import utils
from procrastinate.contrib.django.models import ProcrastinateJob

from billing import access, checkout, inbox
from billing.models import StripeEvent
from billing.outcomes import Done
from public_apps.core import clock, idempotency, jobs, mail
from public_apps.core.models import IdempotentRequest, OutgoingMail
from public_apps.monitoring import clocks
from public_apps.onboarding.models import Signup
from public_apps.tenants import pool
from public_apps.tenants.models import Tenant
from staff.doctor import clocks as examination
from staff.doctor.findings import Verdict
from tests.unit.core.sweep_scenes import overdue, signups

ROUGHLY = timedelta(seconds=0.15)
EVENT = {
    "id": "evt_clock", "type": "invoice.paid", "livemode": False, "api_version": "",
    "data": {"object": {"id": "in_clock"}},
}  # fmt: skip


@pytest.fixture(params=[-5.0, -0.2, 0.2, 5.0], ids=lambda shift: f"{shift:+.1f} s")
def shift(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch, db: None) -> float:
    """Let this process's clock be ahead of the database's by so much, or behind it."""
    ahead = float(request.param)
    real = time.time

    def shifted(tz: Any = UTC) -> datetime:
        return datetime.now(tz) + timedelta(seconds=ahead)

    monkeypatch.setattr(time, "time", lambda: real() + ahead)
    monkeypatch.setattr(timezone, "now", shifted)
    monkeypatch.setattr(utils, "utcnow", shifted)
    assert abs(timezone.now() - database_time() - timedelta(seconds=ahead)) < ROUGHLY
    return ahead


def database_time() -> datetime:
    """Return the time by the clock that counts."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    assert isinstance(moment, datetime)
    return moment


def job_of(**query: Any) -> ProcrastinateJob:
    """Return the job that waits, by any of its columns."""
    job: ProcrastinateJob = ProcrastinateJob.objects.get(status="todo", **query)
    return job


def test_an_event_is_taken_at_once(shift: float) -> None:
    assert inbox.receive(EVENT)
    inbox.handle(event_id="evt_clock", handler=lambda _event: Done())
    event = StripeEvent.objects.get()
    assert (event.status, event.attempts) == ("processed", 1)
    assert event.processed_at is not None
    assert abs(event.processed_at - event.received_at) < ROUGHLY


def test_an_attempt_holds_its_event_for_as_long_as_it_should(shift: float) -> None:
    inbox.receive(EVENT)

    def meanwhile(event: StripeEvent) -> Done:
        left = event.next_attempt_at - database_time()
        assert inbox.LEASE - ROUGHLY < left <= inbox.LEASE
        inbox.handle(event_id=event.pk, handler=lambda _event: pytest.fail("taken twice"))
        return Done()

    inbox.handle(event_id="evt_clock", handler=meanwhile)


def test_a_failed_event_and_its_job_wait_alike(shift: float) -> None:
    inbox.receive(EVENT)
    ProcrastinateJob.objects.all().delete()

    def fails(_event: StripeEvent) -> Done:
        raise LookupError

    inbox.handle(event_id="evt_clock", handler=fails)
    event = StripeEvent.objects.get()
    wait = event.next_attempt_at - database_time()
    assert timedelta(seconds=1) < wait <= timedelta(seconds=2)
    assert job_of(args__event_id="evt_clock").scheduled_at == event.next_attempt_at


def test_an_event_that_nobody_wakes_up_is_found_at_once(shift: float) -> None:
    inbox.receive(EVENT)
    ProcrastinateJob.objects.all().delete()
    assert inbox.SWEEP.run() == 1
    assert job_of(args__event_id="evt_clock").queueing_lock == "event:evt_clock"


def test_a_mail_is_due_at_once(shift: float) -> None:
    promised = mail.enqueue(
        kind="nobody writes it", key="clock", to="a@clock.example", language="en"
    )
    ProcrastinateJob.objects.all().delete()
    assert promised in mail.due()
    mail.send(mail_id=promised.pk)  # which fails, and is tried again
    tried = OutgoingMail.objects.get(pk=promised.pk)
    assert tried.attempts == 1
    assert timedelta(seconds=1) < tried.next_attempt_at - database_time() <= timedelta(seconds=2)


def test_a_job_waits_by_the_clock_of_the_queue(shift: float) -> None:
    jobs.defer_once("tenants.refill_pool", lock="a clock", wait=timedelta(seconds=60))
    at = job_of(queueing_lock="a clock").scheduled_at
    assert at is not None
    assert abs(at - database_time() - timedelta(seconds=60)) < ROUGHLY


def test_who_waits_is_seen(shift: float) -> None:
    assert not pool.buyers_wait()
    [paid] = signups(1, paid_at=database_time())
    checkout.enqueue(paid)
    assert pool.buyers_wait()


def test_grace_ends_when_the_database_says_so(shift: float) -> None:
    [tenant] = overdue(1)
    Tenant.objects.filter(pk=tenant.pk).update(access_review_at=database_time())
    assert access.review_due() == 1
    suspended = Tenant.objects.get(pk=tenant.pk)
    assert suspended.suspended_at is not None
    assert abs(suspended.suspended_at - database_time()) < 4 * ROUGHLY

    later = database_time() + timedelta(seconds=3)
    Tenant.objects.filter(pk=tenant.pk).update(access_review_at=later)
    assert access.review_due() == 0, "not before its time"


def test_a_paid_sign_up_is_found_after_a_minute_and_not_before(shift: float) -> None:
    now = database_time()
    just, before = signups(2)
    for signup, ago in ((just, 59), (before, 60)):
        Signup.objects.filter(pk=signup.pk).update(paid_at=now - timedelta(seconds=ago))
    assert list(checkout.unfinished()) == [before]


def test_a_request_that_failed_is_free_at_once(shift: float) -> None:
    def fails(_row: IdempotentRequest) -> None:
        raise LookupError

    with pytest.raises(LookupError):
        idempotency.once(who="a", key="k", asked={}, work=fails)
    answer = idempotency.once(who="a", key="k", asked={}, work=lambda _row: "done")
    assert answer.body == "done"


def test_the_doctor_says_whose_clock_is_off(shift: float) -> None:
    clocks.tell("worker")
    assert abs(clock.ahead() - shift) < 0.1
    off = [each for each in examination.examine_clocks() if each.verdict is Verdict.WARNING]
    assert {each.detail.partition(" is ")[0].split()[0] for each in off} == {"This", "That"}
    assert all(("ahead of" if shift > 0 else "behind") in each.detail for each in off)
    stripe = examination.clock_against("Stripe's", database_time().timestamp())
    assert stripe.verdict is Verdict.OK, "it agrees with the database, whatever we think ourselves"


def test_clocks_that_agree_are_well_and_those_far_off_fail(db: None) -> None:
    clocks.tell("web")
    assert {each.verdict for each in examination.examine_clocks()} == {Verdict.OK}
    far = examination.clock_against("Stripe's", time.time() - 600)
    assert (far.verdict, "600.0 s behind" in far.detail) == (Verdict.FAILING, True)
