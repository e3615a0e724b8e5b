"""The system's state for /metrics, from the same questions as the dashboard's."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.conf import settings
from django.db.models import Count, Max, Min
from procrastinate.contrib.django.models import ProcrastinateJob

from public_apps.core import clock
from public_apps.core.models import PeriodicRun
from public_apps.monitoring import incidents
from public_apps.monitoring.metrics import Gauge, collects
from public_apps.monitoring.models import Incident
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Installation
from staff.alerts import room
from staff.alerts.checks import mails_given_up, mails_in_vain
from staff.dashboard import problems


@collects
def states() -> Iterator[Gauge]:
    """Yield what waits, what failed, and what runs low."""
    now = clock.now()
    seen = problems.now_in_trouble(now=now)
    yield _one("events_due", "Events that are still to be handled.", seen.due_events)
    yield _one(
        "event_oldest_due_seconds",
        "Age of the oldest event that is still to be handled.",
        _age(seen.oldest_due, now),
    )
    yield Gauge(
        name="events_stuck",
        help="Events that failed for good, or were parked.",
        label="status",
        values={"failed": seen.failed_events, "parked": seen.parked_events},
    )
    yield from _signups(now)
    yield _one("spare_tenants", "Spare tenants, ready for buyers.", seen.spares)
    yield _one("spare_tenants_wanted", "Spare tenants that there should be.", seen.spares_wanted)
    yield _one("mails_waiting", "Mails that are to be sent.", seen.mails_waiting)
    yield _one(
        "mails_put_off", "Mails that were tried four times in vain.", mails_in_vain().count()
    )
    yield _one(
        "mails_given_up",
        "Mails that were given up within a day, after all attempts.",
        mails_given_up(now).count(),
    )
    yield _one(
        "worker_heartbeat_age_seconds",
        "Time since a worker was last seen at work; a year if none is known.",
        _silence(seen.heartbeat, now),
    )
    yield _jobs()
    yield _incidents(seen.incidents)


@collects
def room_left() -> Iterator[Gauge]:
    """Yield how much of the database's and our folders' room is taken, and how old backups are."""
    taken = room.connections()
    yield _one("database_connections", "Connections to the server, of everybody.", taken.used)
    yield _one("database_connections_most", "Connections that it takes at most.", taken.most)
    yield _known(
        "database_bytes", "Size of the database, looked at now and then.", room.database_bytes()
    )
    yield _known("database_disk_bytes", "Size of its disk (DATABASE_DISK_GIB).", room.disk_bytes())
    yield Gauge(
        name="disk_free_bytes",
        help="Room in the folders that we fill, on the machine that answers.",
        label="place",
        values=dict(room.free_bytes()),
    )
    yield _known(
        "backup_oldest_seconds",
        "Age of the oldest of all tenants' newest backups, looked at every hour.",
        _backup_age(clock.now()),
    )


def _backup_age(now: datetime) -> float | None:
    if not settings.ARCHIVE_STORE:
        return None
    oldest = Installation.objects.values_list("oldest_backup_at", flat=True).first()
    return _age(oldest, now) if oldest else None


def _known(name: str, help_text: str, value: float | None) -> Gauge:
    """Return a gauge without a value while nobody knows it: a rule about it is quiet then."""
    return Gauge(name=name, help=help_text, values={} if value is None else {"": value})


def _signups(now: datetime) -> Iterator[Gauge]:
    unready = Signup.objects.filter(paid_at__isnull=False, ready_at__isnull=True)
    found = unready.aggregate(count=Count("pk"), oldest=Min("paid_at"))
    yield _one("signups_unready", "Sign-ups that are paid and not ready.", found["count"])
    yield _one(
        "signup_oldest_unready_seconds",
        "Time since the payment of the oldest of them.",
        _age(found["oldest"], now),
    )


def _silence(heartbeat: datetime | None, now: datetime) -> float:
    """Return for how long nobody has been at work: a worker that ends well leaves no heartbeat."""
    ended = PeriodicRun.objects.aggregate(last=Max("ended_at"))["last"]
    last = max((moment for moment in (heartbeat, ended) if moment), default=None)
    return _age(last, now) if last else 31_536_000


def _jobs() -> Gauge:
    alive = ProcrastinateJob.objects.filter(status__in=("todo", "doing"))
    counted = dict(alive.values_list("status").annotate(count=Count("pk")))
    return Gauge(
        name="jobs",
        help="Jobs in the queue: waiting, and under way.",
        label="status",
        values={status: counted.get(status, 0) for status in ("todo", "doing")},
    )


def _incidents(opened: list[Incident]) -> Gauge:
    values = dict.fromkeys(incidents.KINDS, 0)
    for incident in opened:
        values[incident.kind] = values.get(incident.kind, 0) + 1
    return Gauge(name="incidents_open", help="Open incidents.", label="kind", values=values)


def _one(name: str, help_text: str, value: float) -> Gauge:
    return Gauge(name=name, help=help_text, values={"": value})


def _age(moment: datetime | None, now: datetime) -> float:
    return max(0.0, (now - moment).total_seconds()) if moment else 0.0
