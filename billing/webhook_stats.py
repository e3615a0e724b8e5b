"""Statistics of Stripe's webhooks: for the staff's charts, and for alerts on the guide's thresholds.

Written every few seconds by each process as one addition to the current minute and hour, so
reading costs a handful of rows whatever the inbox holds.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from billing.models import WebhookSlot
from public_apps.core import clock
from public_apps.monitoring.buffers import Buffer, added, buckets_added

# Upper bounds in milliseconds; one more bucket has no bound.
ANSWER_MS = (
    1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 75, 100, 150, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
)  # fmt: skip
HANDLED_MS = (
    10, 20, 35, 50, 75, 100, 150, 250, 500, 1000, 2500, 5000, 10_000, 30_000, 60_000, 300_000,
    1_800_000, 7_200_000,
)  # fmt: skip
MINUTES_KEPT = timedelta(days=2)
HOURS_KEPT = timedelta(days=400)
Span = WebhookSlot.Span


@dataclass(frozen=True, kw_only=True)
class WebhookStats:
    """Some stretch of time. Rates are from 0 to 1; what nothing tells of is None."""

    count: int  # deliveries that Stripe signed and we answered
    accepted: int  # answered 2xx
    broken: int  # answered otherwise
    missed: int  # that Stripe could not deliver, by its own word: they were fetched
    refused: int  # signed by nobody we know: a wrong secret of ours, or strangers
    handled: int
    failed_attempts: int
    p50_answer_ms: float | None
    p95_answer_ms: float | None
    p50_handled_ms: float | None
    p95_handled_ms: float | None

    @property
    def errors(self) -> int:
        """Return what ended in an error of ours: answers but 2xx and failed attempts at handling."""
        return self.broken + self.failed_attempts

    @property
    def success_rate(self) -> float | None:
        """Return the share of deliveries that we answered with 2xx, of those that Stripe knows of."""
        return self.accepted / (self.count + self.missed) if self.count + self.missed else None

    @property
    def error_rate(self) -> float | None:
        """Return the share of errors in all that we did: answers, and attempts at handling."""
        done = self.count + self.handled + self.failed_attempts
        return self.errors / done if done else None


@dataclass(frozen=True, kw_only=True)
class WebhookPoint:
    """One bar of a chart: a minute or an hour that begins at `at`."""

    at: datetime
    stats: WebhookStats


@dataclass
class Slot:
    """What has come together in one minute or hour."""

    accepted: int = 0
    refused: int = 0
    broken: int = 0
    missed: int = 0
    handled: int = 0
    failed_attempts: int = 0
    answer_buckets: list[int] = field(default_factory=lambda: [0] * (len(ANSWER_MS) + 1))
    handled_buckets: list[int] = field(default_factory=lambda: [0] * (len(HANDLED_MS) + 1))

    def add(self, other: Slot | WebhookSlot) -> None:
        """Add what another one holds; buckets of an older release's bounds are left out."""
        self.accepted += other.accepted
        self.refused += other.refused
        self.broken += other.broken
        self.missed += other.missed
        self.handled += other.handled
        self.failed_attempts += other.failed_attempts
        if len(other.answer_buckets) == len(self.answer_buckets):
            self.answer_buckets = added(self.answer_buckets, other.answer_buckets)
        if len(other.handled_buckets) == len(self.handled_buckets):
            self.handled_buckets = added(self.handled_buckets, other.handled_buckets)

    def summed_up(self) -> WebhookStats:
        """Return rates and quantiles."""
        return WebhookStats(
            count=self.accepted + self.broken,
            accepted=self.accepted,
            broken=self.broken,
            missed=self.missed,
            refused=self.refused,
            handled=self.handled,
            failed_attempts=self.failed_attempts,
            p50_answer_ms=quantile(0.50, self.answer_buckets, ANSWER_MS),
            p95_answer_ms=quantile(0.95, self.answer_buckets, ANSWER_MS),
            p50_handled_ms=quantile(0.50, self.handled_buckets, HANDLED_MS),
            p95_handled_ms=quantile(0.95, self.handled_buckets, HANDLED_MS),
        )


# --- Reading --------------------------------------------------------------------------------------


def stats_between(*, since: datetime, until: datetime | None = None) -> WebhookStats:
    """Return a stretch of time, to the minute within the last two days, else to the hour."""
    total = Slot()
    for slot in _slots(since, until or clock.now()):
        total.add(slot)
    return total.summed_up()


def series_between(*, since: datetime, until: datetime | None = None) -> list[WebhookPoint]:
    """Return points without gaps: minutes for up to three hours, hours for anything longer."""
    until = until or clock.now()
    step = timedelta(minutes=1) if until - since <= timedelta(hours=3) else timedelta(hours=1)
    slots: dict[datetime, Slot] = {}
    at = _beginning(since, step)
    while at <= until:
        slots[at] = Slot()
        at += step
    for row in _slots(since, until, step=step):
        slots.setdefault(row.at, Slot()).add(row)
    return [WebhookPoint(at=at, stats=slot.summed_up()) for at, slot in sorted(slots.items())]


def quantile(share: float, buckets: Sequence[int], bounds: Sequence[int]) -> float | None:
    """Return the value below which this share lies, taken as evenly spread within its bucket.

    What lies above the last bound is taken for that bound.
    """
    rank = share * sum(buckets)
    if not rank:
        return None
    below, lower = 0, 0.0
    for count, upper in zip(buckets, bounds, strict=False):
        if below + count >= rank:
            return lower + (upper - lower) * (rank - below) / count
        below, lower = below + count, float(upper)
    return lower


def _slots(
    since: datetime, until: datetime, *, step: timedelta | None = None
) -> Iterable[WebhookSlot]:
    if step is None:
        fine = since > clock.now() - MINUTES_KEPT and until - since <= timedelta(hours=3)
        step = timedelta(minutes=1) if fine else timedelta(hours=1)
    span = Span.MINUTE if step == timedelta(minutes=1) else Span.HOUR
    return WebhookSlot.objects.filter(span=span, at__gte=_beginning(since, step), at__lte=until)


def _beginning(moment: datetime, step: timedelta) -> datetime:
    moment = moment.replace(second=0, microsecond=0)
    return moment if step == timedelta(minutes=1) else moment.replace(minute=0)


# --- Writing --------------------------------------------------------------------------------------


def answered(*, status: int, seconds: float) -> None:
    """Note one answer to a delivery that Stripe signed."""
    good = status < HTTPStatus.BAD_REQUEST
    seen = Slot(accepted=int(good), broken=int(not good))
    seen.answer_buckets[bisect.bisect_left(ANSWER_MS, seconds * 1000)] = 1
    _buffer.add(_this_minute(), seen)


def refused() -> None:
    """Note one post whose signature is nobody's: no rate goes by it, for anybody may send such."""
    _buffer.add(_this_minute(), Slot(refused=1))


def missed(count: int) -> None:
    """Note events that Stripe could not deliver to us, and that were fetched."""
    if count:
        _buffer.add(_this_minute(), Slot(missed=count))


def handled(*, seconds: float) -> None:
    """Note one event that came to a good end, this long after it was received."""
    seen = Slot(handled=1)
    seen.handled_buckets[bisect.bisect_left(HANDLED_MS, seconds * 1000)] = 1
    _buffer.add(_this_minute(), seen)


def attempt_failed() -> None:
    """Note one attempt at handling that failed."""
    _buffer.add(_this_minute(), Slot(failed_attempts=1))


_ADD = f"""
INSERT INTO public.core_webhookslot AS kept
    (span, at, accepted, refused, broken, missed, handled, failed_attempts,
        answer_buckets, handled_buckets)
VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s::bigint[], %s::bigint[])
ON CONFLICT (span, at) DO UPDATE SET
    accepted = kept.accepted + excluded.accepted,
    refused = kept.refused + excluded.refused,
    broken = kept.broken + excluded.broken,
    missed = kept.missed + excluded.missed,
    handled = kept.handled + excluded.handled,
    failed_attempts = kept.failed_attempts + excluded.failed_attempts,
    {buckets_added("answer_buckets")},
    {buckets_added("handled_buckets")}
"""  # noqa: S608 - our own words


def _write(cursor: CursorWrapper, minutes: dict[datetime, Slot]) -> None:
    for span, at, slot in sorted(_rows(minutes), key=lambda row: (row[0], row[1])):
        cursor.execute(_ADD, _values(span, at, slot))


_buffer: Buffer[datetime, Slot] = Buffer(write=_write)


def forget_unwritten() -> None:
    """Drop what this process has seen and not written yet: for tests that begin to count."""
    _buffer.forget()


def flush() -> None:
    """Write down at once what this process has seen."""
    _buffer.flush()


def _this_minute() -> datetime:
    now = timezone.now()  # noqa: TID251 - a question for each webhook is too dear for a chart's bar
    return _beginning(now, timedelta(minutes=1))


def _rows(taken: dict[datetime, Slot]) -> Iterable[tuple[str, datetime, Slot]]:
    hours: dict[datetime, Slot] = {}
    for minute, slot in taken.items():
        hours.setdefault(_beginning(minute, timedelta(hours=1)), Slot()).add(slot)
        yield Span.MINUTE.value, minute, slot
    for hour, slot in hours.items():
        yield Span.HOUR.value, hour, slot


def _values(span: str, at: datetime, slot: Slot) -> list[Any]:
    return [
        span, at, slot.accepted, slot.refused, slot.broken, slot.missed, slot.handled,
        slot.failed_attempts, slot.answer_buckets, slot.handled_buckets,
    ]  # fmt: skip


def forget_old() -> None:
    """Forget minutes after two days and hours after a bit more than a year."""
    now = clock.now()
    WebhookSlot.objects.filter(span=Span.MINUTE, at__lt=now - MINUTES_KEPT).delete()
    WebhookSlot.objects.filter(span=Span.HOUR, at__lt=now - HOURS_KEPT).delete()
