"""What this process counts, kept in memory for a moment and added to the database's totals.

The totals are of all processes on all machines, so `/metrics` says the same whoever answers, and
survives a restart. See docs/decisions/monitoring.md.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db.backends.utils import CursorWrapper

from public_apps.monitoring.buffers import Buffer, added, buckets_added
from public_apps.monitoring.models import MetricTotal

log = structlog.get_logger(__name__)
Beside = Callable[[tuple[str, ...]], tuple[str, ...]]
PREFIX = "concierge_"
OTHER = "other"
# More label values than any metric of ours has: beyond, they are counted together as "other".
MOST_SERIES = 1000
REQUEST_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
WAIT_SECONDS = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0)


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric as Prometheus knows it; with bounds (upper ones, in seconds) it is a histogram."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    bounds: tuple[float, ...] = ()

    def add(self, *values: str, count: int = 1) -> None:
        """Count something, with the values of the labels in their order."""
        _note(self, values, count=count)

    def observe(self, seconds: float, *values: str) -> None:
        """Count something that took this long."""
        _note(self, values, seconds=seconds)

    def begin_at_zero(self, *values: str) -> None:
        """Show this series from the first scrape on.

        One that is born when something is counted is born at that count, and a rate of it tells
        nothing of the first time.
        """
        _ZEROS.setdefault(self.name, set()).add(values)

    def begin_beside(self, other: Beside) -> None:
        """Show at zero, beside each series that is there, the one that this returns for its labels."""
        _BESIDES[self.name] = other


@dataclass
class Sum:
    """What has come together under one metric and its labels."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=list)

    def add(self, other: Sum) -> None:
        """Add what another one holds."""
        self.count += other.count
        self.seconds += other.seconds
        self.buckets = added(self.buckets, other.buckets)


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A state as it is now: its values by the value of `label`, or one under ""."""

    name: str
    help: str
    values: Mapping[str, float]
    label: str = ""


Collector = Callable[[], Iterable[Gauge]]
Series = tuple[str, tuple[str, ...]]  # a metric's name, and the values of its labels


METRICS: dict[str, Metric] = {}
_ZEROS: dict[str, set[tuple[str, ...]]] = {}
_BESIDES: dict[str, Beside] = {}
COLLECTORS: list[Collector] = []


def counter(name: str, help: str, *labels: str) -> Metric:
    """Declare a counter; its name ends in `_total`."""
    return _declared(Metric(name=PREFIX + name, help=help, labels=labels))


def histogram(name: str, help: str, *labels: str, bounds: tuple[float, ...]) -> Metric:
    """Declare a histogram of seconds with these upper bounds; its name ends in `_seconds`."""
    return _declared(Metric(name=PREFIX + name, help=help, labels=labels, bounds=bounds))


def collects(collector: Collector) -> Collector:
    """Have states looked at whenever somebody asks for `/metrics`."""
    COLLECTORS.append(collector)
    return collector


def _declared(metric: Metric) -> Metric:
    METRICS[metric.name] = metric
    return metric


def _width(metric: Metric) -> int:
    return len(metric.bounds) + 1 if metric.bounds else 0


_ADD = f"""
INSERT INTO public.core_measurement AS kept (name, labels, count, seconds, buckets)
VALUES (%s, %s, %s, %s, %s::bigint[])
ON CONFLICT (name, labels) DO UPDATE SET
    count = kept.count + excluded.count,
    seconds = kept.seconds + excluded.seconds,
    {buckets_added("buckets")}
"""  # noqa: S608 - our own words


def _write(cursor: CursorWrapper, sums: dict[Series, Sum]) -> None:
    # In order, so that two processes never wait for one another.
    for (name, values), found in sorted(sums.items(), key=lambda item: item[0]):
        row: list[Any] = [name, json.dumps(values), found.count, found.seconds, found.buckets]
        cursor.execute(_ADD, row)


_buffer: Buffer[Series, Sum] = Buffer(write=_write)


def _note(metric: Metric, values: tuple[str, ...], *, count: int = 1, seconds: float = 0.0) -> None:
    series = (metric.name, tuple(value[:80] for value in values))
    seen = Sum(count=count, seconds=seconds, buckets=[0] * _width(metric))
    if metric.bounds:
        seen.buckets[bisect.bisect_left(metric.bounds, seconds)] = count
    others = (metric.name, (OTHER,) * len(values))
    _buffer.add(series, seen, most=MOST_SERIES, beyond=others)


def totals() -> dict[str, dict[tuple[str, ...], Sum]]:
    """Return all totals so far, by metric and the values of its labels."""
    found: dict[str, dict[tuple[str, ...], Sum]] = {name: {} for name in METRICS}
    for row in MetricTotal.objects.filter(name__in=METRICS):
        values = tuple(json.loads(row.labels))
        metric = METRICS[row.name]
        if len(values) == len(metric.labels) and len(row.buckets) == _width(metric):
            found[row.name][values] = Sum(
                count=row.count, seconds=row.seconds, buckets=list(row.buckets)
            )
    for name, series in found.items():
        for values in _at_zero(name, series):
            series.setdefault(values, Sum(buckets=[0] * _width(METRICS[name])))
    return found


def _at_zero(name: str, series: Iterable[tuple[str, ...]]) -> set[tuple[str, ...]]:
    known = _ZEROS.get(name, set())
    beside = _BESIDES.get(name)
    return known | {beside(values) for values in series} if beside else known
