"""What this process counts, kept in memory for a moment and added to the database's totals.

Counting takes microseconds and never fails its caller. The totals are of all processes on all
machines, so `/metrics` says the same whoever answers, and survives a restart. See
docs/decisions/monitoring.md.
"""

from __future__ import annotations

import bisect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Lock
from typing import Any

import structlog
from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from public_apps.core.models import Measurement

log = structlog.get_logger(__name__)
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
        _pending.add(self, values, count=count)

    def observe(self, seconds: float, *values: str) -> None:
        """Count something that took this long."""
        _pending.add(self, values, seconds=seconds)


@dataclass
class Sum:
    """What has come together under one metric and its labels."""

    count: int = 0
    seconds: float = 0.0
    buckets: list[int] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True)
class Gauge:
    """A state as it is now: its values by the value of `label`, or one under ""."""

    name: str
    help: str
    values: Mapping[str, float]
    label: str = ""


Collector = Callable[[], Iterable[Gauge]]


METRICS: dict[str, Metric] = {}
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


class _Pending:
    """What this process has counted since it last wrote it down."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._sums: dict[tuple[str, tuple[str, ...]], Sum] = {}

    def add(
        self, metric: Metric, values: tuple[str, ...], *, count: int = 1, seconds: float = 0.0
    ) -> None:
        key = (metric.name, tuple(value[:80] for value in values))
        with self._lock:
            if key not in self._sums and len(self._sums) >= MOST_SERIES:
                key = (metric.name, (OTHER,) * len(values))
            found = self._sums.setdefault(key, Sum(buckets=[0] * _width(metric)))
            found.count += count
            found.seconds += seconds
            if metric.bounds:
                found.buckets[bisect.bisect_left(metric.bounds, seconds)] += count

    def take(self) -> dict[tuple[str, tuple[str, ...]], Sum]:
        """Return all that has come together, and begin anew."""
        with self._lock:
            taken, self._sums = self._sums, {}
        return taken

    def give_back(self, taken: dict[tuple[str, tuple[str, ...]], Sum]) -> None:
        """Keep for later what could not be written."""
        with self._lock:
            for key, mine in taken.items():
                theirs = self._sums.setdefault(key, Sum(buckets=[0] * len(mine.buckets)))
                theirs.count += mine.count
                theirs.seconds += mine.seconds
                theirs.buckets = added(theirs.buckets, mine.buckets)


_pending = _Pending()


def _width(metric: Metric) -> int:
    return len(metric.bounds) + 1 if metric.bounds else 0


def added(ours: Iterable[int], theirs: Iterable[int]) -> list[int]:
    """Return two histograms of the same buckets as one."""
    return [mine + other for mine, other in zip(ours, theirs, strict=True)]


def buckets_added(column: str) -> str:
    """Return the SQL that adds the buckets of `excluded` to those `kept` of the same column.

    Bounds may change with a release: then the buckets begin anew, and what is only counted goes on.
    """
    kept, more = f"kept.{column}", f"excluded.{column}"
    return f"""{column} = CASE WHEN cardinality({kept}) <> cardinality({more}) THEN {more}
        ELSE ARRAY(SELECT a + b FROM unnest({kept}, {more})
            WITH ORDINALITY AS pair(a, b, place) ORDER BY place) END"""  # noqa: S608 - our own words


_ADD = f"""
INSERT INTO public.core_measurement AS kept (name, labels, count, seconds, buckets)
VALUES (%s, %s, %s, %s, %s::bigint[])
ON CONFLICT (name, labels) DO UPDATE SET
    count = kept.count + excluded.count,
    seconds = kept.seconds + excluded.seconds,
    {buckets_added("buckets")}
"""  # noqa: S608 - our own words


@contextmanager
def written_or(give_back: Callable[[], None]) -> Iterator[CursorWrapper]:
    """Give a cursor to write counts with, in one transaction; what fails is given back, and raised."""
    written = False
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            # Figures are worth no wait for the disk.
            cursor.execute("SET LOCAL synchronous_commit = off")
            yield cursor
        written = True
    finally:
        if not written:
            give_back()


def flush() -> None:
    """Add what was counted to the database's totals; on an error it is kept for the next time."""
    taken = _pending.take()
    if not taken:
        return
    with written_or(lambda: _pending.give_back(taken)) as cursor:
        # In order, so that two processes never wait for one another.
        for (name, values), found in sorted(taken.items(), key=lambda item: item[0]):
            row: list[Any] = [name, json.dumps(values), found.count, found.seconds, found.buckets]
            cursor.execute(_ADD, row)


def totals() -> dict[str, dict[tuple[str, ...], Sum]]:
    """Return all totals so far, by metric and the values of its labels."""
    found: dict[str, dict[tuple[str, ...], Sum]] = {name: {} for name in METRICS}
    for row in Measurement.objects.filter(name__in=METRICS):
        values = tuple(json.loads(row.labels))
        metric = METRICS[row.name]
        if len(values) == len(metric.labels) and len(row.buckets) == _width(metric):
            found[row.name][values] = Sum(
                count=row.count, seconds=row.seconds, buckets=list(row.buckets)
            )
    return found
