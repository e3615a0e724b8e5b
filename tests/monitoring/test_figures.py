"""Webhooks in figures: what many processes have counted comes together, and reads as charts do."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection
from django.utils import timezone

from billing import webhook_stats
from billing.models import WebhookSlot
from public_apps.monitoring.background_tasks import FLUSH_SECONDS
from tests.core.web_stack import WebStack


@pytest.fixture
def quiet(web_stack: WebStack) -> Iterator[None]:
    """A ground where no webhook has been counted, and none that was is still to be written."""
    time.sleep(FLUSH_SECONDS + 1)
    webhook_stats.flush()
    WebhookSlot.objects.all().delete()
    yield
    WebhookSlot.objects.all().delete()


def last_hour() -> webhook_stats.WebhookStats:
    return webhook_stats.stats_between(since=timezone.now() - timedelta(hours=1))


def test_nothing_counted_is_no_verdict(quiet: None) -> None:
    found = last_hour()
    assert (found.count, found.success_rate, found.error_rate) == (0, None, None)
    assert found.p95_answer_ms is None


def test_answers_and_attempts_become_rates_and_quantiles(quiet: None) -> None:
    for _ in range(18):
        webhook_stats.answered(status=200, seconds=0.004)
    webhook_stats.answered(status=500, seconds=6.0)
    webhook_stats.missed(1)
    for _ in range(40):
        webhook_stats.refused()  # by strangers, say: no rate goes by them
    for _ in range(3):
        webhook_stats.handled(seconds=0.3)
    webhook_stats.attempt_failed()
    webhook_stats.flush()

    found = last_hour()
    assert (found.count, found.accepted, found.broken) == (19, 18, 1)
    assert (found.missed, found.refused) == (1, 40)
    assert found.success_rate == 0.9
    assert (found.errors, found.error_rate) == (2, 2 / 23)
    assert found.p50_answer_ms is not None
    assert 3 < found.p50_answer_ms <= 5
    assert found.p95_handled_ms is not None
    assert 250 < found.p95_handled_ms <= 500


def test_what_processes_write_at_once_adds_up(quiet: None) -> None:
    def write() -> None:
        try:
            for _ in range(20):
                webhook_stats.answered(status=200, seconds=0.004)
                webhook_stats.flush()
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    webhook_stats.flush()
    assert last_hour().count == 80


def test_what_could_not_be_written_is_kept_for_the_next_time(quiet: None) -> None:
    webhook_stats.answered(status=200, seconds=0.004)
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE core_webhookslot RENAME TO away")
    try:
        with pytest.raises(DatabaseError):
            webhook_stats.flush()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE away RENAME TO core_webhookslot")
    webhook_stats.answered(status=200, seconds=0.004)
    webhook_stats.flush()
    assert last_hour().count == 2


def test_a_chart_has_a_point_for_every_minute_or_hour(quiet: None) -> None:
    webhook_stats.answered(status=200, seconds=0.004)
    webhook_stats.flush()
    now = timezone.now()
    for stretch, points in ((timedelta(hours=1), 61), (timedelta(days=30), 30 * 24 + 1)):
        series = webhook_stats.series_between(since=now - stretch, until=now)
        assert len(series) == points
        assert sum(point.stats.count for point in series) == 1
        assert series[-1].stats.count == 1


def test_old_minutes_are_forgotten_and_their_hours_kept(quiet: None) -> None:
    past = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(days=3)
    for span in ("minute", "hour"):
        WebhookSlot.objects.create(span=span, at=past, accepted=1)
    webhook_stats.forget_old()
    assert list(WebhookSlot.objects.values_list("span", flat=True)) == ["hour"]
    week = webhook_stats.stats_between(since=timezone.now() - timedelta(days=7))
    assert week.accepted == 1
