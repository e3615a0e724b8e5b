"""Backups and the restore test, by the clock; nothing happens without a store."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from procrastinate.contrib.django import app

from public_apps.core import jobs
from public_apps.tenants.archives import backup, rehearsal

NIGHTLY = timedelta(hours=20)


@app.periodic(cron="13 1 * * *")
@app.task(queue="upkeep", queueing_lock="back_up_all", priority=jobs.LAST)
def back_up_all(timestamp: int) -> None:
    """Back up every tenant that has no backup of this night."""
    if settings.ARCHIVE_STORE:
        for _outcome in backup.back_up(backup.due(fresh_for=NIGHTLY), parallel=1):
            pass  # each failure is in the log, and the doctor names who has no fresh backup


@app.periodic(cron="43 3 * * *")
@app.task(queue="upkeep", queueing_lock="rehearse_restore", priority=jobs.LAST)
def rehearse_restore(timestamp: int) -> None:
    """Restore one tenant's newest backup to see whether it can be done."""
    if settings.ARCHIVE_STORE:
        rehearsal.rehearse()
