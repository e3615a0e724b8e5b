"""The one clock by which times are written and compared: the database's.

Web, workers and database run on machines whose clocks differ by some milliseconds, or by seconds. A
time that one of them wrote and another one judges is right only if both took it from the same clock.
In a query, compare with `Now()`; it costs nothing. Elsewhere `clock.now()` asks.

Stays on the process's clock: what is never compared with a row of ours (how long something took,
files of this machine, dates in names), and what Stripe or a bucket wrote by clocks of their own.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime

from django.db import connection

TRIES = 3


def now() -> datetime:
    """Return the time by the database's clock, which goes on within a transaction, too."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        (moment,) = cursor.fetchone()
    told: datetime = moment
    return told.astimezone(UTC)


def ahead() -> float:
    """Return by how many seconds this process's clock is ahead of the database's, below 0 if behind.

    The quickest answer of a few counts: it is right to half of the time that it took.
    """
    measured = []
    for _ in range(TRIES):
        before = time.monotonic()
        theirs = now().timestamp()
        took = time.monotonic() - before
        measured.append((took, time.time() - took / 2 - theirs))
    return min(measured)[1]
