"""What is wrong just now, by the guide's thresholds: each check names it by subject, in lines.

None is no verdict: what is open stays open, and nothing new is opened.
"""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max, QuerySet

from billing import webhook_stats
from billing.einvoicing import outbox
from billing.models import EInvoice, EventStatus, StripeEvent
from billing.webhook_stats import WebhookStats
from public_apps.core import clock, sweeps
from public_apps.core.mail import MAX_ATTEMPTS
from public_apps.core.models import OutgoingMail
from public_apps.monitoring.incidents import Kind
from public_apps.monitoring.models import Incident
from public_apps.onboarding.models import Signup
from public_apps.tenants import pool
from public_apps.tenants.models import Tenant
from staff.alerts import kinds, room
from staff.alerts.backups import restore_failing
from staff.alerts.leaving import departure_hindered

Lines = list[str]
Found = Mapping[str, Lines]
Check = Callable[[datetime], Found | None]
WINDOW = timedelta(minutes=10)
# When nothing happens, what went wrong an hour ago is the last that we know.
LONG_WINDOW = timedelta(hours=1)
LEAST = 5  # fewer deeds tell nothing of a rate
# The guide's thresholds.
LEAST_SUCCESS = 0.95
MOST_ERRORS = 0.05
SLOWEST_MS = 5000
READY_WITHIN = timedelta(minutes=5)
DRY_FOR = timedelta(minutes=5)
VAIN_ATTEMPTS = 4  # about fifteen seconds: more than a mail server's hiccup
VAIN_EVENT_ATTEMPTS = 16  # more than two hours
VAIN_PASSINGS_ON = 9  # waits of 2, 4 … 512 seconds: more than a provider's hiccup
MOST_LINES = 50
# A worker that has just started, after a release say, gives the pool its time first.
_began = time.monotonic()


def webhook_failing(now: datetime) -> Found | None:
    """Fewer than 95 % of what Stripe sends was answered with 2xx.

    What Stripe says that it could not deliver counts; what strangers post does not.
    """
    seen = _lately(now, _deliveries)
    if seen is None:
        return {}
    rate = seen.success_rate
    if rate is None or (seen.count < LEAST and rate < 1 and not seen.missed):
        return None
    if rate >= LEAST_SUCCESS:
        return {}
    told = f"{rate:.1%} of {_deliveries(seen)} deliveries were answered with 2xx"
    wrong = f"{seen.broken} with an error, {seen.missed} could not be delivered, Stripe says"
    return {"": [f"{told}; {wrong}. {seen.refused} posts bore a signature of nobody's."]}


def webhook_slow(now: datetime) -> Found | None:
    """One answer in twenty took longer than five seconds."""
    seen = _lately(now, lambda found: found.count)
    if seen is None or seen.p95_answer_ms is None or seen.p95_answer_ms <= SLOWEST_MS:
        return {}
    return {"": [f"95 % of {seen.count} answers took up to {seen.p95_answer_ms / 1000:.1f} s."]}


def webhook_errors(now: datetime) -> Found | None:
    """More than 5 % of answers and attempts at handling ended in an error of ours."""
    seen = _lately(now, _attempts)
    if seen is None:
        return {}
    rate = seen.error_rate or 0.0
    if rate <= MOST_ERRORS:
        return {}
    if _attempts(seen) < LEAST:
        return None
    told = f"{rate:.1%} of {_attempts(seen)} answers and attempts at handling failed"
    return {"": [f"{told}: {seen.broken} answers, {seen.failed_attempts} attempts."]}


def event_failed(now: datetime) -> Found | None:
    """Events were given up; those of before staff closed the last incident have been seen."""
    found: dict[str, Lines] = defaultdict(list)
    failed = StripeEvent.objects.filter(status=EventStatus.FAILED)
    closed = _last_closed(kinds.EVENT_FAILED)
    for event in failed.order_by("-received_at")[:500]:
        seen = closed.get(event.type)
        if seen is None or (event.processed_at and event.processed_at > seen):
            found[event.type].append(f"{event.pk} ({event.object_id}): {event.error[:200]}")
    return found


def event_vain(now: datetime) -> Found | None:
    """Events were tried for hours in vain, and still are."""
    waiting = StripeEvent.objects.filter(
        status=EventStatus.RECEIVED, attempts__gte=VAIN_EVENT_ATTEMPTS
    )
    lines = [
        f"{event.type} {event.pk} ({event.object_id}), tried {event.attempts} times: "
        f"{event.error[:200]}"
        for event in waiting.order_by("received_at")[:MOST_LINES]
    ]
    return {"": lines} if lines else {}


def signup_late(now: datetime) -> Found | None:
    """Somebody paid more than five minutes ago and has no workspace."""
    late = Signup.objects.filter(ready_at__isnull=True, paid_at__lt=now - READY_WITHIN)
    lines = [
        f"{signup.organization} ({signup.subdomain}), sign-up {signup.pk}: paid at "
        f"{signup.paid_at:%Y-%m-%d %H:%M} UTC, {signup.stage}"
        for signup in late.order_by("paid_at")[:MOST_LINES]
    ]
    return {"": lines} if lines else {}


def pool_dry(now: datetime) -> Found | None:
    """There has been no spare tenant for five minutes."""
    if pool.is_stocked():
        return {}
    last = Tenant.objects.aggregate(last=Max("claimed_at"))["last"]
    if time.monotonic() - _began < DRY_FOR.total_seconds() or (last and last > now - DRY_FOR):
        return None
    return {"": [f"None of {settings.TENANT_POOL_SIZE} spare tenants is there."]}


def mails_in_vain() -> QuerySet[OutgoingMail]:
    """Return mails that wait and were tried more often than a hiccup takes."""
    return OutgoingMail.objects.waiting().filter(attempts__gte=VAIN_ATTEMPTS)


def mails_given_up(now: datetime) -> QuerySet[OutgoingMail]:
    """Return mails that were given up within a day; one whose address is refused at once is none."""
    lately = now - timedelta(days=1)
    return OutgoingMail.objects.filter(failed_at__gte=lately, attempts__gte=MAX_ATTEMPTS)


def mail_failing(now: datetime) -> Found | None:
    """Mails were tried several times in vain, or given up within a day."""
    lines = [
        f"{mail.kind}, mail {mail.pk}, tried {mail.attempts} times: {mail.error}"
        for mail in [*mails_given_up(now)[:MOST_LINES], *mails_in_vain()[:MOST_LINES]]
    ]
    return {"": lines} if lines else {}


def einvoice_failing(now: datetime) -> Found | None:
    """Documents were given up, or tried for a quarter of an hour in vain."""
    given_up = EInvoice.objects.filter(failed_at__isnull=False)
    vain = outbox.waiting().filter(attempts__gte=VAIN_PASSINGS_ON)
    lines = [
        f"{row.kind} {row.number or row.document_id}, tried {row.attempts} times: {row.error}"
        for row in [*given_up.order_by("pk")[:MOST_LINES], *vain.order_by("pk")[:MOST_LINES]]
    ]
    return {"": lines} if lines else {}


CHECKS: dict[str, tuple[Kind, Check]] = {
    check.__name__: (kind, check)
    for kind, check in (
        (kinds.WEBHOOK_FAILING, webhook_failing),
        (kinds.WEBHOOK_SLOW, webhook_slow),
        (kinds.WEBHOOK_ERRORS, webhook_errors),
        (kinds.EVENT_FAILED, event_failed),
        (kinds.EVENT_VAIN, event_vain),
        (kinds.SIGNUP_LATE, signup_late),
        (kinds.POOL_DRY, pool_dry),
        (kinds.MAIL_FAILING, mail_failing),
        (kinds.DEPARTURE_HINDERED, departure_hindered),
        (kinds.RESTORE_FAILING, restore_failing),
        (kinds.EINVOICE_FAILING, einvoice_failing),
        (kinds.DISK_FILLING, room.disk_filling),
        (kinds.CONNECTIONS_SHORT, room.connections_short),
    )
}


def _lately(now: datetime, much: Callable[[WebhookStats], int]) -> WebhookStats | None:
    """Return the last ten minutes; the last hour if they tell nothing; None if that doesn't, too."""
    for window in (WINDOW, LONG_WINDOW):
        seen = webhook_stats.stats_between(since=now - window, until=now)
        if much(seen):
            return seen
    return None


def _deliveries(seen: WebhookStats) -> int:
    return seen.count + seen.missed


def _attempts(seen: WebhookStats) -> int:
    return seen.count + seen.handled + seen.failed_attempts


def _last_closed(kind: Kind) -> dict[str, datetime]:
    closed = Incident.objects.filter(kind=kind.name, closed_at__isnull=False)
    newest = closed.values_list("subject").annotate(at=Max("closed_at"))
    return dict(newest)


def run(*, now: datetime | None = None) -> None:
    """Make every check and report what it found."""
    from public_apps.monitoring import incidents

    now = now or clock.now()

    def make(name: str) -> None:
        kind, check = CHECKS[name]
        found = check(now)
        if found is not None:
            incidents.report(kind, found)

    sweeps.sweep("watch_thresholds", CHECKS, make, named=str)
