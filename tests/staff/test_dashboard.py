"""The dashboard counts what is there, and finds it by indexes however much there is."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from billing import webhook_stats
from billing.models import Plan, StripeEvent, Subscription, WebhookSlot
from public_apps.core.models import OutgoingMail
from public_apps.onboarding.models import Signup
from staff.dashboard import business, problems
from tests.billing.stripe_stack import StripeStack
from tests.core.web_stack import HttpClient, WebStack, Workspace, create_workspace
from tests.staff.desk import staff_member

SEEN = ("billing.view_stripeevent", "onboarding.view_signup", "tenants.view_tenant")


def an_event(name: str, status: str) -> StripeEvent:
    done = None if status == "parked" else timezone.now()
    return StripeEvent.objects.create(
        id=f"evt_dashboard_{name}", type="invoice.paid", livemode=False, payload={},
        status=status, processed_at=done,
    )  # fmt: skip


def test_webhooks_of_the_hour_day_and_month_stand_against_the_guides_thresholds(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    WebhookSlot.objects.all().delete()
    now = timezone.now()
    for ago, broken in ((timedelta(minutes=5), 0), (timedelta(days=20), 30)):
        for span, at in (
            ("minute", (now - ago).replace(second=0, microsecond=0)),
            ("hour", (now - ago).replace(minute=0, second=0, microsecond=0)),
        ):
            WebhookSlot.objects.create(
                span=span, at=at, accepted=70, broken=broken, handled=70,
                answer_buckets=[0] * 5 + [70 + broken] + [0] * (len(webhook_stats.ANSWER_MS) - 5),
                handled_buckets=[0] * 5 + [70] + [0] * (len(webhook_stats.HANDLED_MS) - 5),
            )  # fmt: skip
    desk, _email = staff_member(http_client, SEEN)
    page = desk.get("").text
    hour, day, month = page.split("<article")[1:4]
    assert "100.0 %" in hour
    assert "nc-broken" not in hour + day
    assert "82.4 %" in month  # 140 of 170
    assert month.count("nc-broken") == 2
    assert month.count("<rect") == 30 + 1 + 1
    WebhookSlot.objects.all().delete()


def test_trouble_is_counted_and_leads_to_what_is_wrong(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    before = problems.now_in_trouble()
    an_event("failed", "failed")
    an_event("parked", "parked")
    OutgoingMail.objects.create(
        kind="test", key=f"dashboard {timezone.now()}", to="a@b.example",
        next_attempt_at=timezone.now(), failed_at=timezone.now(),
    )  # fmt: skip
    after = problems.now_in_trouble()
    counted = (after.failed_events, after.parked_events, after.mails_given_up)
    assert counted == (
        before.failed_events + 1, before.parked_events + 1, before.mails_given_up + 1,
    )  # fmt: skip
    assert not after.worker_alive
    desk, _email = staff_member(http_client, SEEN)
    failed = desk.get("billing/stripeevent/?status__exact=failed").text
    assert "evt_dashboard_failed" in failed
    assert "evt_dashboard_parked" not in failed
    assert re.search(r"silent</strong>", desk.get("").text)
    StripeEvent.objects.filter(id__startswith="evt_dashboard_").delete()


def test_the_funnel_tells_how_many_came_how_far_and_how_long_it_took(
    stripe_stack: StripeStack,
) -> None:
    Signup.objects.filter(tenant=None).delete()
    # What others have made up need not have its times in order.
    Signup.objects.update(created_at=timezone.now() - timedelta(days=31))
    before = business.funnel()
    stripe_stack.check_out()
    eleni = stripe_stack.buy()
    Signup.objects.filter(tenant=eleni.tenant).update(source="checkout")
    after = business.funnel()
    assert (after.started, after.paid, after.ready) == (
        before.started + 2, before.paid + 1, before.ready + 1,
    )  # fmt: skip
    assert after.to_ready is not None
    assert timedelta(0) < after.to_ready < timedelta(minutes=5)


@pytest.fixture
def subscribed(web_stack: WebStack) -> Workspace:
    """A workspace with a mirror of five subscriptions, and no others in the database."""
    Subscription.objects.update(synced_at=None)
    court = create_workspace()
    now = timezone.now()
    ended = now - timedelta(days=3)
    for number, (status, amount, interval, ended_at) in enumerate(
        (
            ("active", 4900, "month", None),
            ("past_due", 1900, "month", None),
            ("active", 12_000, "year", None),
            ("trialing", 4900, "month", None),
            ("canceled", 4900, "month", ended),
        )
    ):
        Subscription.objects.create(
            id=f"sub_dashboard_{number}_{court.tenant.pk}", tenant=court.tenant, status=status,
            created_at=now - timedelta(days=90), synced_at=now, unit_amount=amount,
            renewal_amount=amount, currency="eur", interval=interval, ended_at=ended_at,
        )  # fmt: skip
    return court


def test_monthly_revenue_counts_what_pays_and_a_twelfth_of_a_year(subscribed: Workspace) -> None:
    found = business.money()
    assert (found.mrr, found.paying, found.trialing, found.past_due) == (7800, 3, 1, 1)
    assert (found.began, found.ended, found.churn) == (0, 1, 0.2)


def test_whoever_may_not_see_money_sees_none(
    subscribed: Workspace, web_stack: WebStack, http_client: HttpClient
) -> None:
    desk, _email = staff_member(http_client, SEEN)
    assert "Monthly recurring" not in desk.get("").text
    finance, _email = staff_member(web_stack.http_client(), [*SEEN, "billing.view_subscription"])
    assert "€78" in finance.get("").text


def test_what_grows_without_end_is_never_read_through(web_stack: WebStack) -> None:
    tenant = create_workspace().tenant
    newest = StripeEvent.objects.defer("payload").order_by("-received_at")
    asked = {
        **problems.big_reads(),
        "newest events": newest[:50],
        "events of a type": newest.filter(type="invoice.paid")[:50],
        "events of a tenant": newest.filter(tenant_id=tenant.pk)[:50],
        "events of a status": newest.filter(status="failed")[:50],
        "an event": newest.filter(pk="evt_1")[:50],
        "events of an object": newest.filter(object_id="in_1")[:50],
        "slots": WebhookSlot.objects.filter(span="hour", at__gte=timezone.now()),
    }
    plans = {name: _plan(rows) for name, rows in asked.items()}
    # A filter would throw rows away that were read for nothing, however many there are.
    wasteful = {
        name: plan for name, plan in plans.items() if "Seq Scan" in plan or "Filter:" in plan
    }
    assert wasteful == {}
    assert "Seq Scan" in _plan(Plan.objects.filter(name="by no index")), "or else nothing is proven"


def _plan(rows: object) -> str:
    """Return how PostgreSQL would read the rows if it had a reason to avoid reading all."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
        return str(rows.explain())  # type: ignore[attr-defined]  # each is a queryset
