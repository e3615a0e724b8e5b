"""A change to a smaller plan that waits for the end of what is paid."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings

from billing import plans, reconcile
from billing.models import Price, StripeEvent
from billing.words import Situation, say
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from tests.unit.stripe_inside import (
    DAY,
    Document,
    Owner,
    StripeInside,
    Subscriber,
    price_of,
    sent,
    subscriber,
)

WISH = {"plan": "starter", "interval": "month", "when": "period_end"}
UP = {"plan": "enterprise", "interval": "month"}
PATH = "/billing/change/"
DECLINES, ASKS = "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"


@pytest.fixture
def bought(stripe_inside: StripeInside, tenant: Tenant) -> Subscriber:
    """Professional, bought ten days ago."""
    stripe_inside.set_clock(-10)
    return subscriber(stripe_inside, tenant)


def amount(plan: str) -> int:
    return price_of(plan).unit_amount


def plan_at(bought: Subscriber) -> tuple[str, str]:
    """Return what is charged at Stripe, and what we believe."""
    [item] = bought.at_stripe["items"]["data"]
    plan = bought.mirrored.plan
    return item["price"]["id"], plan.code if plan else ""


def renew(bought: Subscriber) -> None:
    """Let the paid period end, and hear of it."""
    bought.stripe.set_clock(25)
    bought.stripe.deliver()


def charged(bought: Subscriber) -> list[int]:
    """Return what was asked for by invoices, oldest first."""
    found = bought.stripe.get("invoices", customer=bought.customer_id)["data"]
    return [each["total"] for each in found][::-1]


def no_drift(tenant: Tenant) -> None:
    with in_public():
        assert [each.line for each in reconcile.differences(tenant=tenant)] == []
        assert not StripeEvent.objects.exclude(status__in=("processed", "ignored")).exists()


def pay_with(bought: Subscriber, card: str) -> None:
    attached = bought.stripe.post(f"payment_methods/{card}/attach", customer=bought.customer_id)
    bought.stripe.post(
        f"subscriptions/{bought.subscription_id}", default_payment_method=attached["id"]
    )
    bought.stripe.deliver()


@pytest.mark.parametrize("language", ["en", "el"])
def test_the_smaller_plan_comes_with_the_next_period_and_costs_nothing_before(
    bought: Subscriber, tenant: Tenant, language: str
) -> None:
    owner = Owner(tenant, language=language)
    before = owner.get()
    costs = owner.post("change-plan", {**WISH, "preview": True}).json()
    assert (costs["when"], costs["when_choices"]) == ("period_end", ["now", "period_end"])
    assert (costs["due_now"], costs["credit"], costs["lines"]) == (0, 0, [])
    assert costs["effective_at"] == before["current_period_end"] == costs["next_charge"]["at"]
    answer = owner.post("change-plan", {**WISH, "at": costs["at"]})
    assert answer.status_code == 200, answer.content
    bought.stripe.deliver()
    shown = owner.get()
    assert shown == answer.json(), "the events change nothing of it"
    planned = shown["scheduled_change"]
    assert (shown["plan"]["code"], planned["plan"]["code"]) == ("professional", "starter")
    assert planned["effective_at"] == before["current_period_end"]
    assert (planned["amount"], planned["interval"]) == (amount("starter"), "month")
    assert shown["next_charge"] == costs["next_charge"]
    assert shown["next_charge"]["amount"] == amount("starter")
    assert shown["limits"]["apartments"]["limit"] == price_of("professional").plan.most_apartments
    verbs = ("change_plan", "give_up_change", "cancel")
    assert [shown["actions"][verb] for verb in verbs] == [True, True, True]
    assert planned["detail"] in owner.page()
    [noted] = sent("change_planned")
    assert planned["plan"]["name"] in noted
    assert charged(bought) == [amount("professional")]
    no_drift(tenant)

    renew(bought)
    assert plan_at(bought) == (price_of("starter").stripe_price_id, "starter")
    assert charged(bought) == [amount("professional"), amount("starter")]
    shown = owner.get()
    assert (shown["plan"]["code"], shown["scheduled_change"]) == ("starter", None)
    assert shown["credit"] == 0
    [told] = sent("plan_changed")
    assert planned["plan"]["name"] in told
    assert sent("change_planned") == []
    no_drift(tenant)


def test_what_came_is_in_nobodys_way(bought: Subscriber, tenant: Tenant) -> None:
    """Stripe's schedule is still there for a period, and would refuse a cancellation."""
    owner = Owner(tenant)
    owner.post("change-plan", WISH)
    renew(bought)
    assert bought.at_stripe["schedule"]
    assert owner.post("cancel").status_code == 200
    assert owner.get()["ends_at"]
    assert owner.post("resume").status_code == 200
    assert (
        owner.post("change-plan", {"plan": "professional", "interval": "month"}).status_code == 200
    )
    assert owner.post("change-plan", WISH).status_code == 200, "and once more"
    bought.stripe.deliver()
    assert owner.get()["scheduled_change"]["plan"]["code"] == "starter"
    no_drift(tenant)


def test_by_the_pages_forms_it_is_planned_and_dropped(bought: Subscriber, tenant: Tenant) -> None:
    owner = Owner(tenant)
    query = f"{PATH}?plan=starter&interval=month"
    assert "when=period_end" in owner.page(query), "at once unless they say otherwise"
    page = owner.page(f"{query}&when=period_end")
    assert "Until then you keep the plan that you have paid for." in page
    page = owner.send(PATH, **WISH, key="smaller")
    assert "The change is planned." in page
    assert "Changes to Starter (per month) on " in page
    page = owner.send("/billing/give-up-change/", key="a-second-thought")
    assert "Changes to Starter" not in page
    bought.stripe.deliver()
    assert bought.at_stripe["schedule"] is None
    assert sent("change_planned") == [], "it is no longer true"
    renew(bought)
    assert plan_at(bought)[1] == "professional"
    actions = [row["action"] for row in owner.ask("/api/audit/").json()["results"]]
    assert actions[:2] == ["subscription.change_given_up", "subscription.change_planned"]


def test_the_same_wish_counts_once_and_another_one_replaces_it(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(stripe_inside, tenant, price_of("enterprise").stripe_price_id)
    owner = Owner(tenant)
    first = owner.post("change-plan", WISH).json()["scheduled_change"]
    assert owner.post("change-plan", WISH).json()["scheduled_change"] == first
    other = owner.post("change-plan", {**WISH, "plan": "professional"}).json()["scheduled_change"]
    assert other["plan"]["code"] == "professional"
    schedules = bought.stripe.get("subscription_schedules", customer=bought.customer_id)["data"]
    assert len(schedules) == 1
    stripe_inside.deliver()
    no_drift(tenant)


@pytest.mark.parametrize("call", ["/v1/subscription_schedules", "/v1/subscriptions"])
def test_a_lost_answer_is_repeated_and_plans_once(
    bought: Subscriber, tenant: Tenant, call: str
) -> None:
    owner = Owner(tenant)
    method = "POST" if call.endswith("schedules") else "GET"
    fault = {"path": call, "method": method, "drop_connection": True, "after": True, "count": 2}
    bought.stripe.control("faults", fault)
    tries = [owner.post("change-plan", WISH).status_code for _again in range(4)]
    assert tries[0] == 502
    assert tries[-1] == 200
    bought.stripe.deliver()
    schedules = bought.stripe.get("subscription_schedules", customer=bought.customer_id)["data"]
    assert [len(each["phases"]) for each in schedules] == [2]
    assert owner.get()["scheduled_change"]["plan"]["code"] == "starter"


def test_half_a_plan_that_was_left_behind_is_gone_on_with(
    bought: Subscriber, tenant: Tenant
) -> None:
    path = "subscription_schedules"
    half = bought.stripe.post(path, from_subscription=bought.subscription_id)
    bought.stripe.deliver()
    owner = Owner(tenant)
    shown = owner.get()
    assert (shown["scheduled_change"], shown["actions"]["cancel"]) == (None, True)
    assert owner.post("change-plan", WISH).status_code == 200
    assert bought.at_stripe["schedule"] == half["id"]
    renew(bought)
    assert plan_at(bought)[1] == "starter"


def test_whoever_cancels_drops_it(bought: Subscriber, tenant: Tenant) -> None:
    owner = Owner(tenant)
    owner.post("change-plan", WISH)
    cancelled = owner.post("cancel").json()
    assert cancelled["scheduled_change"] is None
    assert cancelled["ends_at"] == cancelled["current_period_end"]
    bought.stripe.deliver()
    assert owner.get()["ends_at"] == cancelled["ends_at"]
    assert owner.post("change-plan", WISH).status_code == 409, "it is cancelled"
    assert owner.post("resume").json()["scheduled_change"] is None


def test_whoever_takes_a_bigger_plan_now_drops_it(bought: Subscriber, tenant: Tenant) -> None:
    owner = Owner(tenant)
    owner.post("change-plan", WISH)
    costs = owner.post("change-plan", {**UP, "preview": True}).json()
    assert costs["when_choices"] == ["now"]
    changed = owner.post("change-plan", {**UP, "at": costs["at"]}).json()
    assert (changed["plan"]["code"], changed["scheduled_change"]) == ("enterprise", None)
    bought.stripe.deliver()
    assert charged(bought)[-1] == costs["due_now"]
    renew(bought)
    assert plan_at(bought)[1] == "enterprise"


def test_a_bigger_plan_that_the_card_does_not_pay_leaves_it(
    bought: Subscriber, tenant: Tenant
) -> None:
    owner = Owner(tenant)
    planned = owner.post("change-plan", WISH).json()["scheduled_change"]
    pay_with(bought, DECLINES)
    assert owner.post("change-plan", UP).status_code == 402
    bought.stripe.deliver()
    assert owner.get()["scheduled_change"] == planned
    pay_with(bought, "pm_card_visa")
    renew(bought)
    assert plan_at(bought)[1] == "starter"


def test_beside_a_change_that_waits_for_the_bank_nothing_is_planned(
    bought: Subscriber, tenant: Tenant
) -> None:
    pay_with(bought, ASKS)
    owner = Owner(tenant)
    owner.post("change-plan", WISH)
    assert owner.post("change-plan", UP).json()["next_action"]
    bought.stripe.deliver()
    shown = owner.get()
    assert (shown["pending_change"]["plan"]["code"], shown["scheduled_change"]) == (
        "enterprise", None,
    )  # fmt: skip
    assert owner.post("change-plan", WISH).status_code == 409
    owner.post("give-up-change")
    assert owner.post("change-plan", WISH).status_code == 200, "it costs nothing, so nobody asks"


@pytest.mark.parametrize(
    ("downgrades", "wish", "choices"),
    [
        ("now", {**WISH, "when": "now"}, ["now"]),
        ("now", WISH, None),
        ("period_end", {"plan": "starter", "interval": "month"}, ["period_end"]),
        ("period_end", {**WISH, "when": "now"}, None),
        ("choice", {**UP, "when": "period_end"}, None),
        ("choice", {"plan": "starter", "interval": "month"}, ["now", "period_end"]),
    ],
)
def test_when_a_change_is_made_is_ours_and_theirs_to_say(
    bought: Subscriber, tenant: Tenant, downgrades: str, wish: Document, choices: list[str] | None
) -> None:
    owner = Owner(tenant)
    with override_settings(DOWNGRADES=downgrades):
        answer = owner.post("change-plan", {**wish, "preview": True})
    if choices is None:
        assert (answer.status_code, [*answer.json()["errors"]]) == (400, ["when"])
    else:
        assert answer.json()["when_choices"] == choices
        assert answer.json()["when"] == choices[0]


def test_add_ons_discount_and_credit_stay_as_they_are(bought: Subscriber, tenant: Tenant) -> None:
    stripe = bought.stripe
    extra = stripe.price(500)["id"]
    stripe.post("subscription_items", subscription=bought.subscription_id, price=extra, quantity=2)
    coupon = stripe.post("coupons", percent_off="10", duration="forever")["id"]
    stripe.post(f"subscriptions/{bought.subscription_id}", discounts=[{"coupon": coupon}])
    path = f"customers/{bought.customer_id}/balance_transactions"
    stripe.post(path, amount=-300, currency="eur")
    stripe.deliver()
    owner = Owner(tenant)
    costs = owner.post("change-plan", {**WISH, "preview": True}).json()
    owner.post("change-plan", WISH)
    stripe.deliver()
    coming = owner.get()["next_charge"]
    assert coming == costs["next_charge"]
    renew(bought)
    newest = stripe.get("invoices", customer=bought.customer_id)["data"][0]
    assert newest["amount_due"] == coming["amount"]
    assert coming["credit_used"] == 300
    told = {(item["price"]["unit_amount"], item["quantity"])
            for item in bought.at_stripe["items"]["data"]}  # fmt: skip
    assert told == {(amount("starter"), 1), (500, 2)}
    assert len(bought.at_stripe["discounts"]) == 1


def test_in_a_trial_it_comes_with_the_trials_end(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(stripe_inside, tenant, trial_period_days=20)
    owner = Owner(tenant)
    planned = owner.post("change-plan", WISH).json()
    assert planned["scheduled_change"]["effective_at"] == planned["trial_end"]
    assert planned["next_charge"]["amount"] == amount("starter")
    renew(bought)
    assert plan_at(bought)[1] == "starter"
    assert charged(bought) == [0, amount("starter")]


def test_a_year_may_become_a_month(stripe_inside: StripeInside, tenant: Tenant) -> None:
    yearly = price_of("professional", "year").stripe_price_id
    subscriber(stripe_inside, tenant, yearly)
    owner = Owner(tenant)
    costs = owner.post("change-plan", {**WISH, "preview": True}).json()
    assert costs["next_charge"]["amount"] == amount("starter")
    shown = owner.post("change-plan", WISH).json()
    assert shown["next_charge"] == costs["next_charge"]
    stripe_inside.set_clock(370)
    stripe_inside.deliver()
    shown = owner.get()
    assert (shown["plan"]["code"], shown["price"]["interval"]) == ("starter", "month")


def test_a_price_that_staff_change_meanwhile_is_the_promised_one(
    bought: Subscriber, tenant: Tenant
) -> None:
    owner = Owner(tenant)
    promised = amount("starter")
    owner.post("change-plan", WISH)
    with in_public():
        price = Price.objects.get(pk=price_of("starter").pk)
        price.unit_amount += 700
        price.save()
        plans.push()
    bought.stripe.deliver()
    shown = owner.get()
    assert shown["scheduled_change"]["plan"]["code"] == "starter"
    assert shown["scheduled_change"]["amount"] == promised == shown["next_charge"]["amount"]
    no_drift(tenant)
    renew(bought)
    assert (plan_at(bought)[1], charged(bought)[-1]) == ("starter", promised)


def test_what_is_in_use_stays_and_the_owner_reads_that_before(
    bought: Subscriber, tenant: Tenant
) -> None:
    owner = Owner(tenant)
    with in_public():
        plan = price_of("starter").plan
        plan.most_apartments = 0
        plan.save()
    owner.post("change-plan", WISH)
    assert not _told(owner.get(), Situation.TOO_SMALL_THEN)
    made = owner._api.post(
        "/api/buildings/", {"name": "Sunny Court", "address": "Ermou 1"}, "application/json"
    )
    building = made.json()["id"]
    added = owner._api.post(
        "/api/apartments/", {"building": building, "number": "A1", "mills": 1000},
        "application/json",
    )  # fmt: skip
    assert added.status_code == 201, added.content
    [notice] = _told(owner.get(), Situation.TOO_SMALL_THEN)
    assert "All of them stay" in notice["detail"]
    renew(bought)
    assert plan_at(bought)[1] == "starter"
    assert owner.get()["limits"]["apartments"] == {"limit": 0, "used": 1}
    assert owner.post("change-plan", UP).status_code == 200


def _told(shown: Document, situation: Situation) -> list[Any]:
    return [each for each in shown["notices"] if each["situation"] == situation]


def test_what_staff_arranged_at_stripe_is_shown_and_not_touched(
    bought: Subscriber, tenant: Tenant
) -> None:
    made = bought.stripe.post("subscription_schedules", from_subscription=bought.subscription_id)
    [now] = made["phases"]
    starter, current = price_of("starter").stripe_price_id, now["items"][0]["price"]
    bought.stripe.post(
        f"subscription_schedules/{made['id']}",
        phases=[
            {"items": [{"price": current}], "start_date": now["start_date"],
             "end_date": now["end_date"] + 31 * DAY},
            {"items": [{"price": starter}]},
        ],
    )  # fmt: skip
    bought.stripe.deliver()
    owner = Owner(tenant)
    shown = owner.get()
    assert shown["scheduled_change"]["plan"]["code"] == "starter"
    assert sent("change_planned") == []
    verbs = ("change_plan", "give_up_change", "cancel")
    assert [shown["actions"][verb] for verb in verbs] == [False, False, False]
    said = say(Situation.ARRANGED_WITH_US)
    for verb, wish in (("change-plan", UP), ("change-plan", WISH), ("cancel", {}),
                       ("give-up-change", {})):  # fmt: skip
        refused = owner.post(verb, wish)
        assert (refused.status_code, refused.json()["detail"]) == (409, said), verb
    assert bought.at_stripe["schedule"] == made["id"]
    no_drift(tenant)
    bought.stripe.post(f"subscription_schedules/{made['id']}/release")
    bought.stripe.deliver()
    assert owner.get()["actions"]["cancel"] is True


def test_a_schedule_that_ends_with_its_subscription_leaves_nothing(
    bought: Subscriber, tenant: Tenant
) -> None:
    owner = Owner(tenant)
    owner.post("change-plan", WISH)
    bought.stripe.delete(f"subscriptions/{bought.subscription_id}")
    assert "subscription_schedule.canceled" in bought.stripe.deliver()
    assert owner.get()["actions"]["give_up_change"] is False
    no_drift(tenant)
