"""Free trials: once for each customer, told before a change of plan, and ended without a card."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from billing import checkout, trials
from billing.checkout import Order
from billing.models import Plan, TrialTaken
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from tests.unit.stripe_inside import (
    Document,
    Owner,
    StripeInside,
    Subscriber,
    price_of,
    sent,
    subscriber,
)

STARTER, ENTERPRISE = 1900, 14900


def order(label: str, email: str, **more: Any) -> Order:
    wish = {
        "organization": "Sunny Court", "subdomain": label, "email": email, "first_name": "Eleni",
        "last_name": "Papadaki", "plan": "starter", "interval": "month",
    }  # fmt: skip
    return Order(**{**wish, **more})


def in_trial(stripe_inside: StripeInside, tenant: Tenant, **more: Any) -> Subscriber:
    wanted = {"trial_period_days": 14, **more}
    return subscriber(stripe_inside, tenant, price_of("starter").stripe_price_id, **wanted)


def session_of(stripe_inside: StripeInside, wish: Order) -> Document:
    with in_public():
        signup = checkout.start(order=wish, language="en", idempotency_key=None)
    with stripe_inside.store.change() as change:
        return change.fetch("checkout.session", str(signup.checkout_session_id))


def test_a_trial_is_had_once_however_the_address_is_spelled(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    first = session_of(stripe_inside, order("sunny-one", "Nikos@Unit.example"))
    assert first["_mock"]["trial_days"] == 14
    assert first["_mock"]["trial_settings"] == trials.AT_END_WITHOUT_CARD
    with in_public():
        Tenant.objects.filter(pk=tenant.pk).update(owner_email="nikos@unit.example")
        tenant.refresh_from_db()
    in_trial(stripe_inside, tenant)
    for number, again in enumerate(("nikos@unit.example", "NIKOS+2@unit.example")):
        session = session_of(stripe_inside, order(f"sunny-{number}", again))
        assert (session["_mock"]["trial_days"], session["amount_total"]) == (0, STARTER)
    other = session_of(stripe_inside, order("sunny-three", "maria@unit.example"))
    assert other["_mock"]["trial_days"] == 14


def test_who_had_a_trial_is_kept_as_a_digest_alone(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    with in_public():
        Tenant.objects.filter(pk=tenant.pk).update(owner_email="nikos@unit.example")
    in_trial(stripe_inside, tenant)
    with in_public():
        [row] = TrialTaken.objects.all()
    assert "nikos" not in f"{row.__dict__}"
    assert len(row.digest) == 64


def test_the_buyer_is_told_of_the_days_at_checkout(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    with in_public():
        starter = Plan.objects.get(code="starter")
        assert trials.days_for(starter, email="nikos@unit.example") == 14
        Tenant.objects.filter(pk=tenant.pk).update(owner_email="nikos@unit.example")
    in_trial(stripe_inside, tenant)
    with in_public():
        assert trials.days_for(starter, email="nikos@unit.example") == 0


@pytest.mark.parametrize("language", ["en", "el"])
def test_a_change_to_a_plan_without_a_trial_ends_it_and_says_so_before(
    stripe_inside: StripeInside, tenant: Tenant, language: str
) -> None:
    bought = in_trial(stripe_inside, tenant)
    owner = Owner(tenant, language=language)
    wish = {"plan": "enterprise", "interval": "month"}
    costs = owner.post("change-plan", {**wish, "preview": True}).json()
    assert (costs["trial"]["effect"], costs["trial"]["ends_at"]) == ("trial_ends_now", None)
    assert costs["due_now"] == ENTERPRISE
    page = owner.page("/billing/change/?plan=enterprise&interval=month")
    assert costs["trial"]["detail"] in page
    assert bought.at_stripe["status"] == "trialing", "a preview changes nothing"
    shown = owner.post("change-plan", {**wish, "at": costs["at"]}).json()
    assert (shown["status"], shown["plan"]["code"]) == ("active", "enterprise")
    invoice = stripe_inside.get(f"invoices/{bought.at_stripe['latest_invoice']}")
    assert invoice["amount_paid"] == ENTERPRISE
    assert shown["next_charge"]["amount"] == ENTERPRISE


@pytest.mark.parametrize(
    ("days", "effect"), [(30, "trial_kept"), (14, "trial_kept"), (5, "trial_shortened")]
)
def test_a_change_of_plan_in_a_trial_keeps_to_the_new_plans_days(
    stripe_inside: StripeInside, tenant: Tenant, days: int, effect: str
) -> None:
    bought = in_trial(stripe_inside, tenant)
    with in_public():
        Plan.objects.filter(code="enterprise").update(trial_days=days)
    owner = Owner(tenant)
    wish = {"plan": "enterprise", "interval": "month"}
    costs = owner.post("change-plan", {**wish, "preview": True}).json()
    assert costs["trial"]["effect"] == effect
    assert (costs["due_now"], costs["next_charge"]["amount"]) == (0, ENTERPRISE)
    assert costs["next_charge"]["at"] == costs["trial"]["ends_at"]
    assert owner.post("change-plan", wish).status_code == 200
    end = bought.mirrored.trial_end
    assert end is not None
    left = end - timezone.now()
    assert abs(left - timedelta(days=min(14, days))) < timedelta(minutes=5)
    assert owner.get()["status"] == "trialing"


def test_the_same_plan_by_the_year_keeps_a_trial_that_staff_have_prolonged(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    in_trial(stripe_inside, tenant, trial_period_days=60)
    wish = {"plan": "starter", "interval": "year", "preview": True}
    costs = Owner(tenant).post("change-plan", wish).json()
    assert costs["trial"]["effect"] == "trial_kept"
    assert (costs["due_now"], costs["next_charge"]["amount"]) == (0, 19_000)


def test_a_trial_that_ends_without_a_card_ends_the_subscription_and_nothing_is_owed(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    stripe_inside.set_clock(-14.1)
    owner = Owner(tenant)
    bought = in_trial(stripe_inside, tenant, card="", trial_settings=trials.AT_END_WITHOUT_CARD)
    assert owner.get()["status"] == "trialing"
    stripe_inside.set_clock(0)
    stripe_inside.deliver()
    assert bought.mirrored.status == "canceled"
    shown = owner.get()
    assert shown["actions"]["begin_again"]
    assert shown["payment_problem"] is None
    [told] = sent("cancelled")
    assert "Nothing more is charged." in told


@pytest.mark.parametrize("asked", ["answers", "is away", "has credit"])
def test_the_mail_before_a_trials_end_tells_stripes_sum_or_none(
    stripe_inside: StripeInside, tenant: Tenant, asked: str
) -> None:
    Owner(tenant)
    stripe_inside.set_clock(-12)
    coupon = stripe_inside.post("coupons", percent_off="50", duration="forever")["id"]
    bought = in_trial(stripe_inside, tenant, discounts=[{"coupon": coupon}])
    stripe_inside.set_clock(-2)
    if asked == "has credit":
        stripe_inside.post(f"customers/{bought.customer_id}", balance=-50_000)
    stripe_inside.deliver()
    if asked == "is away":
        stripe_inside.control("faults", {"status": 500, "path": "/v1/invoices"})
    [mail] = sent("trial_ending")
    assert ("we charge €9.50" in mail) == (asked == "answers")
    assert ("nothing is to be paid yet" in mail) == (asked == "has credit")
    assert ("stands on the page" in mail) == (asked == "is away")
