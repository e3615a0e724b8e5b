"""The web tells of jobs by the clock that don't come to their end: the worker's own watch may hang."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from public_apps.core import clock, periodic_runs
from public_apps.core.models import PeriodicRun
from public_apps.monitoring.models import Incident
from staff.alerts import kinds, worker_watch
from staff.alerts.worker_watch import WorkerWatch

JOB = "billing.sweep_events"


def opened() -> dict[str, list[str]]:
    """Return what staff have to look at, by job."""
    found = Incident.objects.filter(kind=kinds.JOB_UNFINISHED.name, closed_at=None)
    return dict(found.values_list("subject", "lines"))


def heartbeat() -> None:
    """Let a worker be at work."""
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now())")


def settled() -> WorkerWatch:
    """Return the watch of a web process that has seen a worker for a while."""
    watch = WorkerWatch()
    watch._silent_at -= worker_watch.SETTLED_AFTER_SECONDS + 1
    return watch


def test_a_job_that_has_not_ended_for_long_is_an_incident_until_it_does(db: None) -> None:
    heartbeat()
    watch = settled()
    watch()
    assert opened() == {}
    PeriodicRun.objects.filter(name=JOB).update(known_at=clock.now() - timedelta(hours=1))
    watch()
    [(subject, [line])] = opened().items()
    assert (subject, "has not begun" in line) == (JOB, True)
    periodic_runs.watched(JOB, lambda _timestamp: None)(0)
    watch()
    assert opened() == {}


def test_nothing_is_judged_while_there_is_no_worker_or_has_just_come_back(db: None) -> None:
    late = clock.now() - timedelta(hours=1)
    PeriodicRun.objects.create(name=JOB, known_at=late)
    settled()()  # nobody is at work: that is an incident of its own
    heartbeat()
    WorkerWatch()()
    assert opened() == {}
