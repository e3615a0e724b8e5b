"""The inbox: events come in once, are handled until done, and never lost on the way.

The row is the truth. A job only wakes a worker up, and the sweep finds what a crash left behind.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any

import psycopg
import structlog
from django.conf import settings
from django.db import InterfaceError, OperationalError, transaction
from django.db.models import Case, F, Q, QuerySet, When
from django.db.models.functions import Greatest, Now

from billing import gateway, stripe_account, webhook_stats
from billing.models import EventStatus, StripeEvent
from billing.outcomes import Done, Outcome
from public_apps.core import clock, jobs
from public_apps.core.backoff import backoff
from public_apps.core.schema_context import connection
from public_apps.core.sweeps import Sweep
from public_apps.monitoring import counters

log = structlog.get_logger(__name__)
PURCHASES = "checkout.session."
HANDLE = "billing.handle_event"
JOBS = "event"  # what the locks of events' jobs begin with
LONGEST_WAIT = timedelta(minutes=30)
SLOWLY = 6  # what waits for a key is tried about once a minute, as after so many attempts in vain
# How long an attempt may take before another worker may start one: handlers are safe to overlap.
LEASE = timedelta(seconds=20)


# A row and its job, both or neither, in one round trip: the webhook does little else.
_STORE = f"""
WITH stored AS (
    INSERT INTO public.billing_stripeevent (id, type, api_version, livemode, object_id, payload,
        status, error, attempts, received_at, next_attempt_at)
    VALUES (%s, %s, %s, %s, %s, %s::jsonb, %s, %s, 0, now(), now())
    ON CONFLICT (id) DO NOTHING
    RETURNING status
)
SELECT CASE status WHEN 'received' THEN {jobs.DEFERRED} END FROM stored
"""  # noqa: S608 - put together from constants


def receive(event: dict[str, Any]) -> bool:
    """Store a verified event and enqueue its job, both or neither; False if it was known.

    A known event that had failed for good gets another life: somebody pressed "Resend".
    """
    parked = bool(event["livemode"]) != settings.STRIPE.livemode
    created = _store(event, parked=parked)
    if not created:
        failed = StripeEvent.objects.filter(pk=event["id"], status=EventStatus.FAILED).first()
        if failed is not None:
            retry(event=failed)
    if parked:
        log.warning("event parked", event_id=event["id"], livemode=event["livemode"])
    return created


def _store(event: dict[str, Any], *, parked: bool) -> bool:
    values = [
        event["id"],
        event["type"],
        str(event.get("api_version") or "")[:40],
        event["livemode"],
        str(event["data"]["object"].get("id") or "")[:255],
        json.dumps(event),
        EventStatus.PARKED.value if parked else EventStatus.RECEIVED.value,
        PARKED_BECAUSE if parked else "",
        *jobs.deferral(
            HANDLE,
            lock=f"{JOBS}:{event['id']}",
            rank=rank_of(event["type"]),
            event_id=event["id"],
        ),
    ]
    try:
        return _stores(values)
    except (OperationalError, InterfaceError):
        # The connection may have died since its last use; storing twice is storing once.
        if connection.in_atomic_block or connection.is_usable():
            raise
        connection.close()
        return _stores(values)


def _stores(values: list[Any]) -> bool:
    connection.health_check_done = True  # asking whether it lives would be a trip of its own
    # Django's cursor leads to the right schema; planning the statement anew each time, as it would,
    # costs a quarter of all that the database does for it.
    with connection.cursor(), connection.wrap_database_errors:
        stored = psycopg.Cursor(connection.connection).execute(_STORE, values, prepare=True)
        return stored.fetchone() is not None


PARKED_BECAUSE = "The event's livemode is not that of our key."


def handle(*, event_id: str, handler: Callable[[StripeEvent], Outcome]) -> None:
    """Make one attempt at a due event by its handler; anything else is left alone."""
    event = _claim(event_id)
    if event is None:
        return
    with structlog.contextvars.bound_contextvars(event_id=event.id, event_type=event.type):
        try:
            outcome = handler(event)
        except Exception as error:  # noqa: BLE001 - the boundary: recorded, and tried again
            if stripe_account.is_about_key(error):
                _put_off(event, error)
            else:
                _record_failure(event, error)
        else:
            _record(event, outcome)


def retry(*, event: StripeEvent) -> None:
    """Give an event its attempts back and enqueue it: for failed, parked and ignored ones alike."""
    with transaction.atomic():
        StripeEvent.objects.filter(pk=event.pk).update(
            status=EventStatus.RECEIVED,
            processed_at=None,
            attempts=0,
            error="",
            next_attempt_at=Now(),
        )
        enqueue(event)


def rank_of(event_type: str) -> jobs.Rank:
    """Return the rank of an event's job: whoever has paid waits behind no events of others."""
    return jobs.PURCHASE if event_type.startswith(PURCHASES) else jobs.EVENT


def enqueue(event: StripeEvent) -> None:
    """Enqueue an event's job unless it is waiting."""
    lock = f"{JOBS}:{event.pk}"
    jobs.defer_once(HANDLE, lock=lock, rank=rank_of(event.type), event_id=event.pk)


def due() -> QuerySet[StripeEvent]:
    """Return events whose time has come and that no attempt is holding."""
    return StripeEvent.objects.filter(status=EventStatus.RECEIVED, next_attempt_at__lte=Now())


def forgotten() -> QuerySet[StripeEvent]:
    """Return due events that no job waits for; purchases are marked."""
    purchases = Case(When(type__startswith=PURCHASES, then=0), default=1)
    return jobs.without_job(due(), lock=JOBS).annotate(patience=purchases).only("type")


SWEEP: Sweep[StripeEvent] = Sweep(
    name="sweep_events",
    rows=forgotten,
    work=enqueue,
    named=lambda event: event.pk,
    order=("patience", "next_attempt_at"),
    most=500,
)


def _claim(event_id: str) -> StripeEvent | None:
    """Count an attempt and lease the event, in one statement: of many callers one wins.

    Counted before it starts, so an event that kills its worker comes to an end, too.
    """
    claimed = StripeEvent.objects.filter(
        pk=event_id, status=EventStatus.RECEIVED, next_attempt_at__lte=Now()
    ).update(attempts=F("attempts") + 1, next_attempt_at=Now() + LEASE)
    return StripeEvent.objects.get(pk=event_id) if claimed else None


def _record(event: StripeEvent, outcome: Outcome) -> None:
    done = isinstance(outcome, Done)
    recorded: dict[str, Any] = {
        "status": EventStatus.PROCESSED if done else EventStatus.IGNORED,
        "processed_at": clock.now(),
        "error": "" if isinstance(outcome, Done) else outcome.reason,
    }
    # Left alone when unknown: whoever linked the customer meanwhile has written it down.
    if isinstance(outcome, Done) and outcome.tenant is not None:
        recorded["tenant"] = outcome.tenant
    StripeEvent.objects.filter(pk=event.pk, status=EventStatus.RECEIVED).update(**recorded)
    seconds = (recorded["processed_at"] - event.received_at).total_seconds()
    webhook_stats.handled(seconds=seconds)
    counters.EVENT_TIME.observe(seconds, event.type)
    counters.EVENT_ATTEMPTS.add(event.type, "done" if done else "ignored")
    line = f"[WEBHOOK] {event.type}: {event.object_id}"  # the guide's words, to search logs for
    known = outcome.tenant if isinstance(outcome, Done) else None
    log.info(
        line,
        outcome="done" if done else "ignored",
        tenant=known.schema_name if known else None,
    )


def _put_off(event: StripeEvent, error: Exception) -> None:
    """Let an event wait that nothing is wrong with: this was no attempt of its own.

    As soon as the key is right, `key_watch` has it tried at once.
    """
    log.warning("event waits for the key", error=str(error))
    counters.EVENT_ATTEMPTS.add(event.type, "put_off")
    if isinstance(error, gateway.RateLimited):
        stripe_account.tell_slowed(since=event.received_at, error=error)
    if isinstance(error, gateway.KeyRestricted):
        stripe_account.tell_restricted(error)
    at = clock.now() + backoff(SLOWLY, longest=LONGEST_WAIT)
    StripeEvent.objects.filter(pk=event.pk, status=EventStatus.RECEIVED).update(
        attempts=Greatest(F("attempts") - 1, 0), error=_line_of(error), next_attempt_at=at
    )
    _wake_later(event, at=at)


def wake(*, waiting_for: Sequence[type[Exception]]) -> int:
    """Have the events tried now that wait for one of these to be over; return how many."""
    names = Q()
    for each in waiting_for:
        names |= Q(error__startswith=f"{each.__name__}: ")
    return StripeEvent.objects.filter(names, status=EventStatus.RECEIVED).update(
        next_attempt_at=Now()
    )


def _line_of(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"[:1000]


def _record_failure(event: StripeEvent, error: Exception) -> None:
    for_good = event.attempts >= settings.EVENT_MAX_ATTEMPTS
    log.error("event failed", for_good=for_good, attempts=event.attempts, exc_info=error)
    webhook_stats.attempt_failed()
    counters.EVENT_ATTEMPTS.add(event.type, "given_up" if for_good else "failed")
    now = clock.now()
    wait = backoff(event.attempts, longest=LONGEST_WAIT)
    StripeEvent.objects.filter(pk=event.pk, status=EventStatus.RECEIVED).update(
        status=EventStatus.FAILED if for_good else EventStatus.RECEIVED,
        processed_at=now if for_good else None,
        error=_line_of(error),
        next_attempt_at=now + wait,
    )
    if not for_good:
        _wake_later(event, at=now + wait)


def _wake_later(event: StripeEvent, *, at: datetime) -> None:
    # Without the event's lock: whoever wants it tried at once need not wait for this one.
    later = jobs.task_named(HANDLE).configure(schedule_at=at, **rank_of(event.type))
    later.defer(event_id=event.pk)
