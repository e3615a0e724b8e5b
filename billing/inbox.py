"""The inbox: events come in once, are handled until done, and never lost on the way.

The row is the truth. A job only wakes a worker up, and the sweep finds what a crash left behind.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from billing.models import EventStatus, StripeEvent
from public_apps.core import counters, figures, jobs
from public_apps.core.backoff import backoff
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
PURCHASES = "checkout.session."
LONGEST_WAIT = timedelta(minutes=30)
# How long an attempt may take before another worker may start one: handlers are safe to overlap.
LEASE = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True)
class Done:
    """A handler's word that the event had its effect, for this tenant if one is known."""

    tenant: Tenant | None = None


@dataclass(frozen=True, kw_only=True)
class Ignored:
    """A handler's word that there was nothing to do, and why."""

    reason: str


Outcome = Done | Ignored


def receive(event: dict[str, Any]) -> bool:
    """Store a verified event and enqueue its job, both or neither; False if it was known.

    A known event that had failed for good gets another life: somebody pressed "Resend".
    """
    from billing.tasks import handle_event

    livemode = bool(event["livemode"])
    parked = livemode != settings.STRIPE.livemode
    with transaction.atomic():
        stored, created = StripeEvent.objects.get_or_create(
            id=event["id"],
            defaults={
                "type": event["type"],
                "api_version": str(event.get("api_version") or "")[:40],
                "livemode": livemode,
                "object_id": str(event["data"]["object"].get("id") or "")[:255],
                "payload": event,
                "status": EventStatus.PARKED if parked else EventStatus.RECEIVED,
                "error": PARKED_BECAUSE if parked else "",
            },
        )
        if created and not parked:
            # Somebody waits for a workspace: not behind the three days of events of an outage.
            urgent = stored.type.startswith(PURCHASES)
            priority = jobs.FIRST if urgent else jobs.NORMAL
            handle_event.configure(priority=priority).defer(event_id=stored.id)
        elif stored.status == EventStatus.FAILED:
            retry(event=stored)
    if parked:
        log.warning("event parked", event_id=event["id"], livemode=livemode)
    return created


PARKED_BECAUSE = "The event's livemode is not that of our key."


def handle(*, event_id: str) -> None:
    """Make one attempt at a due event; anything else is left alone."""
    event = _claim(event_id)
    if event is None:
        return
    with structlog.contextvars.bound_contextvars(event_id=event.id, event_type=event.type):
        try:
            outcome = _dispatch(event)
        except Exception as error:  # noqa: BLE001 - the boundary: recorded, and tried again
            _record_failure(event, error)
        else:
            _record(event, outcome)


def retry(*, event: StripeEvent) -> None:
    """Give an event its attempts back and enqueue it: for failed, parked and ignored ones alike."""
    from billing.tasks import handle_event

    with transaction.atomic():
        StripeEvent.objects.filter(pk=event.pk).update(
            status=EventStatus.RECEIVED,
            processed_at=None,
            attempts=0,
            error="",
            next_attempt_at=timezone.now(),
        )
        handle_event.defer(event_id=event.id)


def due(*, most: int = 500) -> list[str]:
    """Return ids of events whose time has come and that no attempt is holding."""
    waiting = StripeEvent.objects.filter(
        status=EventStatus.RECEIVED, next_attempt_at__lte=timezone.now()
    )
    return list(waiting.order_by("next_attempt_at").values_list("pk", flat=True)[:most])


def _claim(event_id: str) -> StripeEvent | None:
    """Count an attempt and lease the event, in one statement: of many callers one wins.

    Counted before it starts, so an event that kills its worker comes to an end, too.
    """
    now = timezone.now()
    claimed = StripeEvent.objects.filter(
        pk=event_id, status=EventStatus.RECEIVED, next_attempt_at__lte=now
    ).update(attempts=F("attempts") + 1, next_attempt_at=now + LEASE)
    return StripeEvent.objects.get(pk=event_id) if claimed else None


def _dispatch(event: StripeEvent) -> Outcome:
    from billing.handlers import HANDLERS

    handler = HANDLERS.get(event.type)
    if handler is None:
        return Ignored(reason="We do not act on this type.")
    return handler(event.payload["data"]["object"])


def _record(event: StripeEvent, outcome: Outcome) -> None:
    done = isinstance(outcome, Done)
    recorded: dict[str, Any] = {
        "status": EventStatus.PROCESSED if done else EventStatus.IGNORED,
        "processed_at": timezone.now(),
        "error": "" if isinstance(outcome, Done) else outcome.reason,
    }
    # Left alone when unknown: whoever linked the customer meanwhile has written it down.
    if isinstance(outcome, Done) and outcome.tenant is not None:
        recorded["tenant"] = outcome.tenant
    StripeEvent.objects.filter(pk=event.pk, status=EventStatus.RECEIVED).update(**recorded)
    seconds = (recorded["processed_at"] - event.received_at).total_seconds()
    figures.handled(seconds=seconds)
    counters.EVENT_TIME.observe(seconds, event.type)
    counters.EVENT_ATTEMPTS.add(event.type, "done" if done else "ignored")
    line = f"[WEBHOOK] {event.type}: {event.object_id}"  # the guide's words, to search logs for
    known = outcome.tenant if isinstance(outcome, Done) else None
    log.info(
        line,
        outcome="done" if done else "ignored",
        tenant=known.schema_name if known else None,
    )


def _record_failure(event: StripeEvent, error: Exception) -> None:
    for_good = event.attempts >= settings.EVENT_MAX_ATTEMPTS
    log.error("event failed", for_good=for_good, attempts=event.attempts, exc_info=error)
    figures.attempt_failed()
    counters.EVENT_ATTEMPTS.add(event.type, "given_up" if for_good else "failed")
    now = timezone.now()
    wait = backoff(event.attempts, longest=LONGEST_WAIT)
    StripeEvent.objects.filter(pk=event.pk, status=EventStatus.RECEIVED).update(
        status=EventStatus.FAILED if for_good else EventStatus.RECEIVED,
        processed_at=now if for_good else None,
        error=f"{type(error).__name__}: {error}"[:1000],
        next_attempt_at=now + wait,
    )
    if not for_good:
        _wake_later(event.pk, seconds=wait.total_seconds())


def _wake_later(event_id: str, *, seconds: float) -> None:
    from billing.tasks import handle_event

    handle_event.configure(schedule_in={"seconds": round(seconds) + 1}, priority=jobs.FIRST).defer(
        event_id=event_id
    )
