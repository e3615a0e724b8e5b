"""Whose turn it is in a sweep: when each row was tried, how often in vain, and how long it waits.

A statement for each, by the database's clock, written apart from the row's own work: a row that
kills its worker goes to the end of the queue like any other.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta

from django.db import connection

from public_apps.core import clock
from public_apps.core.models import SweepTurn

# A row that somebody else has locked is told only if that goes on.
PATIENCE = 3
# What was due for so long and was not seen by sweeps that came to their end has left.
LEFT_AFTER = timedelta(minutes=10)
KEPT = timedelta(days=7)
MOST_FAULTS = 200
_WAIT = (
    "statement_timestamp() + make_interval(secs =>"
    " least(2.0 ^ least(turn.failures + 1, 20), %s) * (0.75 + 0.25 * random()))"
)
# S608: put together from constants.
_BEGIN = f"""
INSERT INTO public.core_sweepturn AS turn (sweep, "row", tried_at, failures, next_at, fault)
VALUES (%s, %s, statement_timestamp(), 1, statement_timestamp() + interval '2 seconds', '')
ON CONFLICT (sweep, "row") DO UPDATE
SET tried_at = excluded.tried_at, failures = turn.failures + 1, next_at = {_WAIT}
"""  # noqa: S608
_TOUCH = """
INSERT INTO public.core_sweepturn AS turn (sweep, "row", tried_at, failures, fault)
VALUES (%s, %s, statement_timestamp(), 0, '')
ON CONFLICT (sweep, "row") DO UPDATE SET tried_at = excluded.tried_at
"""
_COUNT = f"""
UPDATE public.core_sweepturn AS turn SET failures = failures + 1, next_at = {_WAIT}
WHERE sweep = %s AND "row" = %s
"""  # noqa: S608


def begin(sweep: str, row: str, *, longest: timedelta) -> None:
    """Count a try before it begins: until it has succeeded it is one in vain."""
    _execute(_BEGIN, sweep, row, longest.total_seconds())


def touch(sweep: str, row: str) -> None:
    """Note that a row had its turn; how it goes, its job will say."""
    _execute(_TOUCH, sweep, row)


def count(sweep: str, row: str, *, longest: timedelta) -> None:
    """Count a try in vain that nobody counted as it began."""
    _execute(_COUNT, longest.total_seconds(), sweep, row)


def fail(sweep: str, row: str, *, fault: str, patient: bool) -> None:
    """Note why a try failed; one to be patient about is told of only when it goes on."""
    turn = SweepTurn.objects.filter(sweep=sweep, row=row)
    if patient:
        turn = turn.filter(failures__gte=PATIENCE)
    turn.update(fault=fault)


def succeed(sweep: str, row: str) -> None:
    """Forget a row's failures."""
    SweepTurn.objects.filter(sweep=sweep, row=row).update(failures=0, next_at=None, fault="")


def rest_over(sweep: str) -> None:
    """Let nothing of a sweep wait any longer: what it failed for is mended."""
    SweepTurn.objects.filter(sweep=sweep, next_at__isnull=False).update(next_at=None)


def faults(sweep: str) -> list[str]:
    """Return a line for each row that fails, the one that fails for longest first."""
    failing = SweepTurn.objects.filter(sweep=sweep).exclude(fault="")
    return list(failing.order_by("-failures", "row").values_list("fault", flat=True)[:MOST_FAULTS])


def failing(sweep: str) -> list[str]:
    """Return the rows that fail, by their keys."""
    return list(SweepTurn.objects.filter(sweep=sweep, failures__gt=0).values_list("row", flat=True))


def forget(sweep: str, rows: Collection[str]) -> None:
    """Forget these rows' turns."""
    if rows:
        SweepTurn.objects.filter(sweep=sweep, row__in=rows).delete()


def forget_left(sweep: str, *, since: datetime) -> None:
    """Forget failures of rows that are due no more: they have left, by whatever way."""
    SweepTurn.objects.filter(
        sweep=sweep, failures__gt=0, next_at__lte=since, tried_at__lt=since - LEFT_AFTER
    ).delete()


def forget_old() -> None:
    """Forget the turns of long ago: most of those rows have left well."""
    SweepTurn.objects.filter(tried_at__lt=clock.now() - KEPT).delete()


def _execute(statement: str, *values: str | float) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
