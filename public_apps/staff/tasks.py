"""The staff's watch, as jobs."""

from __future__ import annotations

from procrastinate.contrib.django import app

from public_apps.core import jobs
from public_apps.staff.alerts import backups, checks


@app.periodic(cron="* * * * * */15")
@app.task(queueing_lock="watch_thresholds", **jobs.SWEEP)
def watch_thresholds(timestamp: int) -> None:
    """See whether all is as it should be, and tell staff what is not."""
    checks.run()


@app.periodic(cron="37 * * * *")
@app.task(queueing_lock="watch_backups", **jobs.HOUSEKEEPING)
def watch_backups(timestamp: int) -> None:
    """See who has no fresh backup, and tell staff."""
    backups.watch()
