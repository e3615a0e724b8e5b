"""Keeping spares at hand."""

from __future__ import annotations

from procrastinate.contrib.django import app

from public_apps.core import jobs
from public_apps.tenants import pool

REFILL = "refill_pool"


@app.task(queue="pool", priority=jobs.LAST)
def refill_pool() -> None:
    """Build one spare, then ask for the next: short jobs, so that buyers get in between."""
    if pool.add_one() and pool.missing():
        wake_refill()


@app.periodic(cron="* * * * * */15")
@app.task(queue="pool", queueing_lock="check_pool", priority=jobs.LAST)
def check_pool(timestamp: int) -> None:
    """Notice a pool that ran low, whoever forgot to say so."""
    if pool.missing():
        wake_refill()


def wake_refill() -> None:
    """Enqueue a refill unless one is waiting."""
    jobs.defer_once(refill_pool, lock=REFILL, priority=jobs.LAST)
