"""The charts of the dashboard."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from billing import webhook_stats
from staff.dashboard import charts


def test_a_day_of_the_month_is_one_bar_and_the_highest_fills_the_chart() -> None:
    at = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    slot = webhook_stats.Slot(accepted=3, broken=1).summed_up()
    points = [
        webhook_stats.WebhookPoint(at=at + timedelta(hours=hour), stats=slot) for hour in range(48)
    ]
    chart = charts.chart(points, step=timedelta(days=1), summary="")
    assert [(bar.good_height, bar.bad_height) for bar in chart.bars] == [(90.0, 30.0)] * 2
    assert chart.most == 96
