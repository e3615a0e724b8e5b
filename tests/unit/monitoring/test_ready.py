"""A release that replaces the only worker is no reason to call this process unready."""

from __future__ import annotations

from datetime import timedelta

from django.db import connection

from public_apps.core import clock
from public_apps.core.models import PeriodicRun
from public_apps.monitoring import health
from staff.alerts import gauges


def heartbeat(*, seconds_ago: int) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")
        cursor.execute(
            "INSERT INTO procrastinate_workers (last_heartbeat)"
            " VALUES (now() - make_interval(secs => %s))",
            [seconds_ago],
        )


def stop() -> None:
    """Take a worker's row away, as one does that was told to stop."""
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM procrastinate_workers")


def last_job(*, seconds_ago: int) -> None:
    at = clock.now() - timedelta(seconds=seconds_ago)
    PeriodicRun.objects.update_or_create(
        name="core.sweep_mail", defaults={"known_at": at, "ended_at": at}
    )


def silence() -> float:
    shown = {gauge.name: gauge.values for gauge in gauges.states()}
    return shown["worker_heartbeat_age_seconds"][""]


def test_a_planned_stop_is_borne_for_two_minutes_and_a_dead_worker_is_not(db: None) -> None:
    PeriodicRun.objects.all().delete()
    stop()
    assert not health._worker(), "there was never one"
    heartbeat(seconds_ago=3)
    last_job(seconds_ago=2)
    assert health._worker()
    stop()
    assert health._worker(), "it was told to stop, and the next one is on its way"
    assert silence() < 10
    last_job(seconds_ago=121)
    assert not health._worker(), "nobody came"
    assert silence() > 120
    heartbeat(seconds_ago=21)
    last_job(seconds_ago=21)
    assert not health._worker(), "it was killed"
