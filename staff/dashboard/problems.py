"""What needs somebody: each count is of few rows, found by an index among however many."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Count, Max, Min, QuerySet
from procrastinate.contrib.django.models import ProcrastinateWorker

from billing.models import EventStatus, StripeEvent
from public_apps.core import clock
from public_apps.core.jobs import SILENT_AFTER_SECONDS
from public_apps.core.models import OutgoingMail
from public_apps.monitoring.models import Incident
from public_apps.onboarding.models import Signup
from public_apps.tenants import pool

RECENT = timedelta(days=1)
LATE = timedelta(minutes=5)


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is wrong, waiting or running low at this moment."""

    failed_events: int
    parked_events: int
    due_events: int
    oldest_due: datetime | None
    late_signups: int
    mails_given_up: int  # within a day
    mails_waiting: int
    mails_put_off: int
    spares: int
    spares_wanted: int
    heartbeat: datetime | None
    worker_alive: bool
    incidents: list[Incident]


def now_in_trouble(*, now: datetime | None = None) -> Trouble:
    """Return what needs somebody's attention."""
    now = now or clock.now()
    due = due_events().aggregate(count=Count("pk"), oldest=Min("received_at"))
    heartbeat = ProcrastinateWorker.objects.aggregate(last=Max("last_heartbeat"))["last"]
    silent_since = now - timedelta(seconds=SILENT_AFTER_SECONDS)
    waiting = unsent_mails()
    return Trouble(
        failed_events=events_that(EventStatus.FAILED).count(),
        parked_events=events_that(EventStatus.PARKED).count(),
        due_events=due["count"],
        oldest_due=due["oldest"],
        late_signups=late_signups(now=now).count(),
        mails_given_up=mails_given_up(since=now - RECENT).count(),
        mails_waiting=waiting.count(),
        mails_put_off=waiting.filter(attempts__gt=0).count(),
        spares=pool.current_spares().count(),
        spares_wanted=settings.TENANT_POOL_SIZE,
        heartbeat=heartbeat,
        worker_alive=bool(heartbeat and heartbeat > silent_since),
        incidents=list(Incident.objects.filter(closed_at__isnull=True).order_by("opened_at")),
    )


def events_that(status: EventStatus) -> QuerySet[StripeEvent]:
    """Return the events that failed for good, or were parked."""
    return StripeEvent.objects.filter(status=status)


def due_events() -> QuerySet[StripeEvent]:
    """Return the events that are still to be handled."""
    return StripeEvent.objects.filter(status=EventStatus.RECEIVED)


def late_signups(*, now: datetime) -> QuerySet[Signup]:
    """Return paid sign-ups that are not ready although they should be."""
    return Signup.objects.filter(ready_at__isnull=True, paid_at__lt=now - LATE)


def unsent_mails() -> QuerySet[OutgoingMail]:
    """Return the mails that are to be sent."""
    return OutgoingMail.objects.waiting()


def mails_given_up(*, since: datetime) -> QuerySet[OutgoingMail]:
    """Return the mails that no server took."""
    return OutgoingMail.objects.filter(failed_at__gte=since)


def big_reads(*, now: datetime | None = None) -> dict[str, QuerySet[Any]]:
    """Return every question here that goes to a table which only grows, by name."""
    now = now or clock.now()
    return {
        "failed events": events_that(EventStatus.FAILED),
        "parked events": events_that(EventStatus.PARKED),
        "due events": due_events(),
        "mails given up": mails_given_up(since=now - RECENT),
        "unsent mails": unsent_mails(),
    }
