"""The staff's watch, as jobs."""

from __future__ import annotations

from public_apps.core import jobs
from staff.alerts import backups, checks, room


@jobs.periodic(
    "staff.watch_thresholds", cron="* * * * * */15", rank=jobs.SWEEP, sweeps=("watch_thresholds",)
)
def watch_thresholds(timestamp: int) -> None:
    """See whether all is as it should be, and tell staff what is not."""
    checks.run()


@jobs.periodic(
    "staff.watch_backups",
    cron="37 * * * *",
    rank=jobs.HOUSEKEEPING,
    no_rows="One listing of the store tells who is late, and nothing is done with them.",
)
def watch_backups(timestamp: int) -> None:
    """See who has no fresh backup, and tell staff."""
    backups.watch()


@jobs.periodic(
    "staff.watch_room",
    cron="*/10 * * * *",
    rank=jobs.HOUSEKEEPING,
    no_rows="One question to the server, about the database as a whole.",
)
def watch_room(timestamp: int) -> None:
    """Measure the database; what is made of that is told with the thresholds."""
    room.measure()
