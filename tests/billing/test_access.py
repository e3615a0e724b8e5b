"""Subscriptions decide who gets in: each decision of docs/decisions/access.md, on a mock Stripe."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from billing import access, inbox
from billing.models import Customer, Plan, Price, StripeEvent, Subscription
from billing.tasks import handle_event
from public_apps.onboarding.models import Signup
from public_apps.tenants import suspension
from public_apps.tenants.models import AccessChange, Tenant
from tests.billing.stripe_stack import StripeStack, at_once


def changes_of(tenant: Tenant) -> list[bool]:
    """Return a tenant's history, oldest first: True for each suspension, False for each return."""
    return list(
        AccessChange.objects.filter(tenant=tenant)
        .order_by("pk")
        .values_list("suspended", flat=True)
    )


@pytest.mark.parametrize("status", ["unpaid", "paused", "canceled"])
def test_a_subscription_that_ended_or_stopped_suspends(
    stripe_stack: StripeStack, status: str
) -> None:
    eleni = stripe_stack.buy()
    assert eleni.tenant.status == "active"
    eleni.move(status)
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"
    assert status in eleni.tenant.suspended_reason
    change = AccessChange.objects.get(tenant=eleni.tenant)
    assert (change.suspended, change.cause) == (True, eleni.subscription_id)


def test_a_paused_subscription_that_resumes_lets_everybody_in_again(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.buy()
    eleni.move("paused")
    stripe_stack.handle_all()
    eleni.move("active")
    stripe_stack.handle_all()
    assert eleni.tenant.status == "active"
    assert changes_of(eleni.tenant) == [True, False]


def test_paused_collection_changes_neither_status_nor_access(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    stripe_stack.post(
        f"subscriptions/{eleni.subscription_id}", **{"pause_collection[behavior]": "void"}
    )
    stripe_stack.handle_all()
    assert eleni.mirrored.collection_paused
    assert (eleni.mirrored.status, eleni.tenant.status) == ("active", "active")


def test_a_trial_is_open_and_its_end_with_a_good_card_changes_nothing(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.buy("trial")
    assert (eleni.mirrored.status, eleni.tenant.status) == ("trialing", "active")
    eleni.move("active")
    stripe_stack.handle_all()
    assert (eleni.mirrored.status, eleni.tenant.status) == ("active", "active")
    assert changes_of(eleni.tenant) == []


def test_a_trial_that_ends_without_money_runs_into_the_grace(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy("trial")
    eleni.move("past_due")
    stripe_stack.handle_all()
    assert eleni.tenant.status == "active"
    assert eleni.tenant.access_review_at is not None


def test_an_overdue_payment_has_its_grace_and_then_the_clock_suspends(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.buy()
    eleni.move("past_due")
    stripe_stack.handle_all()
    ends = eleni.tenant.access_review_at
    assert ends is not None
    access.review_due(now=ends - timedelta(seconds=1))
    assert eleni.tenant.status == "active"
    access.review_due(now=ends)
    assert eleni.tenant.status == "suspended"
    change = AccessChange.objects.get(tenant=eleni.tenant)
    assert (change.suspended, change.cause) == (True, access.BY_CLOCK)


def test_a_second_overdue_invoice_does_not_start_the_grace_anew(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    eleni.move("past_due")
    stripe_stack.handle_all()
    first = eleni.mirrored.past_due_since
    Subscription.objects.filter(pk=eleni.subscription_id).update(
        past_due_since=timezone.now() - timedelta(days=13)
    )
    access.sync_subscription(subscription_id=eleni.subscription_id)
    since = eleni.mirrored.past_due_since
    assert first is not None
    assert since is not None
    assert since < first


def test_cancelling_at_period_end_stays_open_until_then(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    stripe_stack.post(f"subscriptions/{eleni.subscription_id}", cancel_at_period_end="true")
    stripe_stack.handle_all()
    assert eleni.mirrored.cancel_at_period_end
    assert eleni.mirrored.cancel_at == eleni.mirrored.current_period_end
    assert eleni.tenant.status == "active"
    eleni.move("canceled")
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"


@pytest.mark.parametrize("before", ["active", "paused"])
def test_an_unknown_status_keeps_the_access_and_tells_staff(
    stripe_stack: StripeStack, caplog: pytest.LogCaptureFixture, before: str
) -> None:
    eleni = stripe_stack.buy()
    eleni.move(before)
    stripe_stack.handle_all()
    as_it_was = eleni.tenant.status
    eleni.move("hibernating", unknown=True)
    caplog.clear()
    stripe_stack.handle_all()
    assert eleni.mirrored.status == "hibernating"
    assert eleni.tenant.status == as_it_was
    errors = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert any("unknown subscription status" in said and "hibernating" in said for said in errors)


def test_two_subscriptions_of_one_tenant_the_better_one_counts(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    second = stripe_stack.buy()  # somebody who ends up paying for Eleni's workspace, too
    Subscription.objects.filter(pk=second.subscription_id).update(tenant=eleni.tenant)
    Customer.objects.filter(pk=second.customer_id).update(tenant=eleni.tenant)

    eleni.move("canceled")
    stripe_stack.handle_all()
    assert eleni.tenant.status == "active"
    second.move("canceled")
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"


def test_another_price_brings_its_plan(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy(plan="starter")
    wanted = Price.objects.get(plan__code="professional", interval="month", currency="eur")
    change_price(stripe_stack, eleni.subscription_id, wanted.stripe_price_id)
    stripe_stack.handle_all()
    assert eleni.mirrored.plan == wanted.plan
    assert eleni.mirrored.price_id == wanted.stripe_price_id
    assert eleni.tenant.status == "active"


def test_a_price_that_we_do_not_know_keeps_plan_and_access(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy(plan="starter")
    product = Plan.objects.get(code="starter").stripe_product_id
    special = stripe_stack.post(
        "prices", product=product, currency="eur", unit_amount="4200",
        **{"recurring[interval]": "month"},
    )  # fmt: skip
    change_price(stripe_stack, eleni.subscription_id, special["id"])
    stripe_stack.handle_all()
    assert eleni.mirrored.price_id == special["id"]
    assert eleni.mirrored.plan is not None
    assert eleni.mirrored.plan.code == "starter"
    assert eleni.tenant.status == "active"


def change_price(stripe_stack: StripeStack, subscription_id: str, price_id: str) -> None:
    """Move a subscription to another price, as Stripe's Dashboard would."""
    item = stripe_stack.get(f"subscriptions/{subscription_id}")["items"]["data"][0]["id"]
    stripe_stack.post(
        f"subscriptions/{subscription_id}", **{"items[0][id]": item, "items[0][price]": price_id}
    )


def test_a_deleted_customer_is_noted_and_its_workspace_suspended(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    stripe_stack.delete(f"customers/{eleni.customer_id}")
    stripe_stack.arrived()
    # Only the customer's own event is left: nobody needs the subscription's.
    StripeEvent.objects.exclude(type="customer.deleted").filter(status="received").delete()
    stripe_stack.handle_all()
    assert Customer.objects.get(pk=eleni.customer_id).gone_at is not None
    assert eleni.mirrored.status == "canceled"
    assert eleni.tenant.status == "suspended"
    event = StripeEvent.objects.get(type="customer.deleted")
    assert (event.status, event.tenant) == ("processed", eleni.tenant)


def test_a_subscription_that_stripe_no_longer_knows_suspends(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    gone = f"sub_gone_{eleni.signup.pk.hex}"
    Subscription.objects.filter(pk=eleni.subscription_id).update(id=gone)
    access.sync_subscription(subscription_id=gone)
    assert Subscription.objects.get(pk=gone).gone_at is not None
    assert eleni.tenant.status == "suspended"


def test_an_event_about_what_stripe_never_had_leaves_nothing_behind(
    stripe_stack: StripeStack,
) -> None:
    assert access.sync_subscription(subscription_id="sub_never") is None
    assert not Subscription.objects.filter(pk="sub_never").exists()


def test_a_customer_who_buys_twice_gets_two_workspaces(stripe_stack: StripeStack) -> None:
    first = stripe_stack.buy(email="eleni@sunny.example")
    second = stripe_stack.buy(email="eleni@sunny.example")
    assert first.tenant != second.tenant
    assert (first.tenant.status, second.tenant.status) == ("active", "active")
    first.move("canceled")
    stripe_stack.handle_all()
    assert (first.tenant.status, second.tenant.status) == ("suspended", "active")


def test_a_session_that_is_announced_many_times_at_once_opens_one_workspace(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{eleni.session_id}/complete", {"outcome": "paid"})
    stripe_stack.arrived()
    event = StripeEvent.objects.get(type="checkout.session.completed")
    again = [f"evt_again_{number}_{eleni.session_id}" for number in range(8)]
    for event_id in again:
        inbox.receive({**event.payload, "id": event_id})
    at_once(8, event_ids=again)
    stripe_stack.handle_all()
    states = StripeEvent.objects.filter(pk__in=again).values_list("status", flat=True)
    assert set(states) == {"processed"}
    assert Signup.objects.filter(checkout_session_id=eleni.session_id).count() == 1
    assert Tenant.objects.filter(owner_email=eleni.order.email).count() == 1
    assert eleni.mails("welcome") == 1


def test_staffs_hold_outlasts_payments_and_ends_only_by_staff(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    suspension.hold(tenant=eleni.tenant, reason="A legal matter", by="anna@staff.example")
    eleni.move("past_due")
    eleni.move("active")
    stripe_stack.handle_all()
    assert (eleni.tenant.status, eleni.tenant.suspended_reason) == ("suspended", "A legal matter")
    access.resume(tenant=eleni.tenant, by="anna@staff.example")
    assert eleni.tenant.status == "active"
    history = AccessChange.objects.filter(tenant=eleni.tenant).values_list("cause", flat=True)
    assert set(history) == {"anna@staff.example"}
    assert changes_of(eleni.tenant) == [True, False]


def test_what_comes_before_the_checkout_event_waits_for_its_tenant(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{eleni.session_id}/complete", {"outcome": "paid"})
    stripe_stack.arrived()
    waiting = StripeEvent.objects.filter(status="received")
    for event in waiting.exclude(type__startswith="checkout."):
        handle_event(event_id=event.pk)
    waiting_row = eleni.mirrored
    assert waiting_row.tenant is None
    stripe_stack.handle_all()
    assert eleni.mirrored.tenant == eleni.tenant
    assert eleni.tenant.status == "active"
