"""The charts of the dashboard."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from billing import webhook_stats
from billing.models import Subscription
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from staff.dashboard import business, charts


def test_a_day_of_the_month_is_one_bar_and_the_highest_fills_the_chart() -> None:
    at = timezone.now().replace(hour=0, minute=0, second=0, microsecond=0)
    slot = webhook_stats.Slot(accepted=3, broken=1).summed_up()
    points = [
        webhook_stats.WebhookPoint(at=at + timedelta(hours=hour), stats=slot) for hour in range(48)
    ]
    chart = charts.chart(points, step=timedelta(days=1), summary="")
    assert [(bar.good_height, bar.bad_height) for bar in chart.bars] == [(90.0, 30.0)] * 2
    assert chart.most == 96


def test_a_quarter_counts_for_a_month_with_a_third(tenant: Tenant) -> None:
    with in_public():
        before = business.money().mrr
        for count, amount in ((1, 4900), (3, 12_000)):
            Subscription.objects.create(
                pk=f"sub_quarter_{count}", tenant=tenant, status="active", currency="eur",
                interval="month", interval_count=count, renewal_amount=amount,
                synced_at=timezone.now(), created_at=timezone.now(),
            )  # fmt: skip
        assert business.money().mrr == before + 4900 + 4000
