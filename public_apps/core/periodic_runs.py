"""How jobs by the clock go: when each began and came to its end, and which have not for too long.

A job that is stuck, that raises every time, or that nobody enqueues any more can't tell so itself:
its last end is too long ago, and whoever asks here tells.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from croniter import croniter  # type: ignore[import-untyped]  # procrastinate's own reader of cron lines
from django.db import connection
from django.db.models.functions import Now

from public_apps.core import clock

if TYPE_CHECKING:  # whoever declares jobs may do so before Django's models are there
    from public_apps.core.models import PeriodicRun

# So many of its periods a job may be without an end, and never less than this.
PERIODS = 3
LEAST = timedelta(minutes=5)
LONGEST_ERROR = 300
_BEGIN = """
INSERT INTO public.core_periodicrun (name, known_at, begun_at, error)
VALUES (%s, statement_timestamp(), statement_timestamp(), '')
ON CONFLICT (name) DO UPDATE SET begun_at = excluded.begun_at
"""


@dataclass(frozen=True, kw_only=True)
class Periodic:
    """A job by the clock: how often, and which sweeps it goes over, or why over none."""

    name: str
    cron: str
    sweeps: tuple[str, ...]
    no_rows: str

    @property
    def period(self) -> timedelta:
        """Return the time from one run to the next."""
        runs = croniter(self.cron, datetime(2026, 1, 1, tzinfo=UTC))
        first: datetime = runs.get_next(datetime)
        following: datetime = runs.get_next(datetime)
        return following - first

    @property
    def may_take(self) -> timedelta:
        """Return how long ago its last end may be."""
        return max(PERIODS * self.period, LEAST)


PERIODIC: dict[str, Periodic] = {}


def watched(name: str, work: Callable[[int], object]) -> Callable[[int], None]:
    """Return the job's work with its beginning, its end and its failure written down."""

    def run(timestamp: int) -> None:
        from public_apps.core.models import PeriodicRun

        with connection.cursor() as cursor:
            cursor.execute(_BEGIN, [name])
        try:
            work(timestamp)
        except Exception as error:
            _note_failure(name, error)
            raise
        PeriodicRun.objects.filter(name=name).update(ended_at=Now(), error="")

    return run


def late() -> dict[str, list[str]]:
    """Return a line by job for each whose last end is too long ago.

    A job that this release brings counts from the first time that somebody asks.
    """
    from public_apps.core.models import PeriodicRun

    PeriodicRun.objects.bulk_create(
        (PeriodicRun(name=name, known_at=Now()) for name in PERIODIC), ignore_conflicts=True
    )
    now = clock.now()
    found = {}
    for run in PeriodicRun.objects.filter(name__in=PERIODIC).order_by("name"):
        job = PERIODIC[run.name]
        since = max(run.known_at, run.ended_at or run.known_at)
        if now - since > job.may_take:
            found[run.name] = [_told(run, job)]
    return found


def _told(run: PeriodicRun, job: Periodic) -> str:
    ended = f"{run.ended_at:%Y-%m-%d %H:%M:%S} UTC" if run.ended_at else "never"
    told = f"{run.name} is to come to its end every {job.period}; it last did: {ended}."
    if run.error:
        return f"{told} It fails: {run.error}"
    if run.begun_at and run.begun_at > (run.ended_at or run.known_at):
        return f"{told} It began at {run.begun_at:%Y-%m-%d %H:%M:%S} UTC and has not ended."
    return f"{told} It has not begun since."


def _note_failure(name: str, error: Exception) -> None:
    from public_apps.core.models import PeriodicRun

    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()
    said = f"{type(error).__name__}: {error}"
    if isinstance(error, ExceptionGroup):
        said = "; ".join(f"{type(each).__name__}: {each}" for each in error.exceptions)
    PeriodicRun.objects.filter(name=name).update(error=said[:LONGEST_ERROR])
