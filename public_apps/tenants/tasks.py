"""Keeping spares at hand, and every schema at head."""

from __future__ import annotations

from datetime import timedelta

from procrastinate.contrib.django import app

from public_apps.core import jobs
from public_apps.tenants import pool
from public_apps.tenants.fleet import release

REFILL = "refill_pool"
PAUSE = timedelta(seconds=2)


@app.task(**jobs.SPARE)
def refill_pool() -> None:
    """Build one spare, then ask for the next: short jobs, so that buyers get in between.

    While buyers wait it does not even begin: a build takes a processor for a while.
    """
    if pool.buyers_wait():
        wake_refill(wait=PAUSE)
    elif pool.add_one() and pool.missing():
        wake_refill()


@app.periodic(cron="* * * * * */15")
@app.task(queueing_lock="check_pool", **jobs.SPARE)
def check_pool(timestamp: int) -> None:
    """Notice a pool that ran low, whoever forgot to say so."""
    if pool.missing():
        wake_refill()


@app.periodic(cron="* * * * * */15")
@app.task(queueing_lock="catch_up", **jobs.SPARE)
def catch_up(timestamp: int) -> None:
    """Bring to head who came late: workers of the last release build and claim until they end."""
    release.catch_up()


def wake_refill(*, wait: timedelta | None = None) -> None:
    """Enqueue a refill unless one is waiting."""
    jobs.defer_once(refill_pool, lock=REFILL, wait=wait)
