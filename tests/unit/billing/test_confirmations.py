"""A bank that asks before each charge: nothing has changed until its owner confirms it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import translation

from billing import pending_changes, reconcile
from billing.models import StripeEvent
from billing.words import Situation, say
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from tests.unit.stripe_inside import (
    URL,
    Document,
    Owner,
    StripeInside,
    Subscriber,
    price_of,
    sent,
    subscriber,
)
from tests.unit.visitors import HOST

ASKS, DECLINES = "pm_card_authenticationRequired", "pm_card_chargeCustomerFail"
WISH = {"plan": "professional", "interval": "month"}
OTHER = {"plan": "enterprise", "interval": "month"}
PATH = "/billing/change/"
LINK = re.compile(r"http://[^/\s]+(/billing/pay/\S+)")


def starter(stripe_inside: StripeInside, tenant: Tenant, card: str = ASKS) -> Subscriber:
    """Let a workspace have Starter, paid for by a good card until now."""
    bought = subscriber(stripe_inside, tenant, price_of("starter").stripe_price_id)
    pay_with(bought, card)
    return bought


def pay_with(bought: Subscriber, card: str) -> None:
    attached = bought.stripe.post(f"payment_methods/{card}/attach", customer=bought.customer_id)
    path = f"subscriptions/{bought.subscription_id}"
    bought.stripe.post(path, default_payment_method=attached["id"])
    bought.stripe.deliver()


def decide(bought: Subscriber, url: str, action: str) -> None:
    """Press a button of Stripe's page, and hear of it."""
    bought.stripe.page(url, action=action)
    bought.stripe.deliver()


def plan_at(bought: Subscriber) -> tuple[str, str]:
    """Return what is charged at Stripe, and what we believe."""
    [item] = bought.at_stripe["items"]["data"]
    plan = bought.mirrored.plan
    return item["price"]["id"], plan.code if plan else ""


def open_at(bought: Subscriber) -> list[Document]:
    """Return what is open at Stripe, of invoices and of payments."""
    invoices = bought.stripe.get("invoices", customer=bought.customer_id)["data"]
    intents = bought.stripe.get("payment_intents", customer=bought.customer_id)["data"]
    ended = {"paid", "void", "succeeded", "canceled"}
    return [each for each in (*invoices, *intents) if each["status"] not in ended]


def is_still_starter(bought: Subscriber) -> bool:
    return plan_at(bought) == (price_of("starter").stripe_price_id, "starter")


@pytest.mark.parametrize("language", ["en", "el"])
def test_a_change_waits_for_the_bank_and_is_made_once_it_is_confirmed(
    stripe_inside: StripeInside, tenant: Tenant, language: str
) -> None:
    """Case 4."""
    bought = starter(stripe_inside, tenant)
    owner = Owner(tenant, language=language)
    costs = owner.post("change-plan", {**WISH, "preview": True}).json()
    answer = owner.post("change-plan", {**WISH, "at": costs["at"]})
    assert answer.status_code == 200, answer.content
    stripe_inside.deliver()
    assert is_still_starter(bought)
    shown = owner.get()
    assert shown == answer.json(), "the events change nothing of it"
    waits, action = shown["pending_change"], shown["next_action"]
    assert (waits["kind"], waits["plan"]["code"]) == ("plan", "professional")
    assert (waits["amount"], shown["plan"]["code"]) == (costs["due_now"], "starter")
    assert action["type"] == "confirm_payment"
    assert action["url"].startswith(f"{URL}/invoice/")
    assert action["expires_at"] == waits["expires_at"]
    assert (shown["payment_problem"], shown["past_due"], shown["status"]) == (None, None, "active")
    assert shown["limits"]["apartments"]["limit"] == price_of("starter").plan.most_apartments
    assert [shown["actions"][verb] for verb in ("change_plan", "give_up_change")] == [False, True]
    page = owner.page()
    assert waits["detail"] in page
    assert action["url"] in page
    assert sent("payment_failed") == []
    [mail] = sent("action_required")
    [path] = LINK.findall(mail)
    led = Client(headers={"host": HOST}).get(path)
    assert led["Location"].startswith(action["url"].partition("?")[0]), "without a sign-in"

    decide(bought, action["url"], "pay")
    assert plan_at(bought) == (price_of("professional").stripe_price_id, "professional")
    shown = owner.get()
    assert (shown["pending_change"], shown["next_action"]) == (None, None)
    assert shown["plan"]["code"] == "professional"
    assert open_at(bought) == []
    invoices = owner.ask("/api/invoices/").json()["results"]
    assert costs["due_now"] in [each["amount_paid"] for each in invoices]
    assert waits["detail"] not in owner.page()


def test_the_page_leads_there_by_its_forms(stripe_inside: StripeInside, tenant: Tenant) -> None:
    bought = starter(stripe_inside, tenant)
    owner = Owner(tenant)
    page = owner.send(PATH, **WISH, key="a-change")
    assert "Please confirm the payment" in page
    assert "Your plan is changed." not in page
    assert "Confirm the payment</a>" in page
    assert is_still_starter(bought)
    page = owner.send("/billing/give-up-change/", key="a-second-thought")
    assert "Everything is as it was." in page
    assert "Please confirm the payment" not in page
    stripe_inside.deliver()
    assert is_still_starter(bought)
    assert open_at(bought) == []
    actions = [row["action"] for row in owner.ask("/api/audit/").json()["results"]]
    assert actions[:2] == ["subscription.change_given_up", "subscription.change_asked"]


def test_what_is_given_up_leaves_nothing_open_and_may_be_asked_for_again(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = starter(stripe_inside, tenant)
    owner = Owner(tenant)
    assert owner.post("change-plan", WISH).json()["next_action"]
    for _twice in range(2):
        given_up = owner.post("give-up-change")
        assert given_up.status_code == 200
        assert given_up.json()["pending_change"] is None
        assert given_up.json()["actions"]["change_plan"] is True
        stripe_inside.deliver()
    assert is_still_starter(bought)
    assert open_at(bought) == []
    assert sent("action_required") == [], "it is no longer true"
    again = owner.post("change-plan", WISH).json()
    decide(bought, again["next_action"]["url"], "pay")
    assert owner.get()["plan"]["code"] == "professional"


@pytest.mark.parametrize("language", ["en", "el"])
def test_what_nobody_confirms_lapses_and_the_owner_is_told_once(
    stripe_inside: StripeInside, tenant: Tenant, language: str
) -> None:
    bought = starter(stripe_inside, tenant)
    owner = Owner(tenant, language=language)
    stripe_inside.set_clock(-1.5)
    assert owner.post("change-plan", WISH).json()["next_action"]
    stripe_inside.set_clock(0)
    assert "customer.subscription.pending_update_expired" in stripe_inside.deliver()
    assert is_still_starter(bought)
    assert open_at(bought) == []
    shown = owner.get()
    with translation.override(language):
        named = pending_changes.named({"price": price_of("professional").stripe_price_id})
        said = say(Situation.CHANGE_LAPSED, plan=named)
    assert {"situation": "change_lapsed", "detail": said} in shown["notices"]
    assert (shown["pending_change"], shown["next_action"]) == (None, None)
    assert said in owner.page()
    [mail] = sent("change_lapsed")
    assert said in mail
    stripe_inside.happen(bought.subscription_id, "failed-payment")
    stripe_inside.deliver()
    assert sent("change_lapsed") == []


@pytest.mark.parametrize("door", ["api", "page"])
def test_a_declined_card_says_so_and_leaves_nothing(
    stripe_inside: StripeInside, tenant: Tenant, door: str
) -> None:
    bought = starter(stripe_inside, tenant, DECLINES)
    owner = Owner(tenant)
    said = say(Situation.CARD_DECLINED)
    if door == "api":
        refused = owner.post("change-plan", WISH)
        assert (refused.status_code, refused.json()["detail"]) == (402, said)
    else:
        assert said in owner.send(PATH, **WISH, key="declined")
    stripe_inside.deliver()
    assert is_still_starter(bought)
    assert open_at(bought) == []
    shown = owner.get()
    assert (shown["pending_change"], shown["payment_problem"]) == (None, None)
    assert sent("payment_failed") == []
    pay_with(bought, "pm_card_visa")
    changed = owner.post("change-plan", WISH).json()
    assert (changed["plan"]["code"], changed["next_action"]) == ("professional", None)


def test_who_refuses_at_the_bank_may_still_pay_and_asking_again_drops_it(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = starter(stripe_inside, tenant)
    owner = Owner(tenant)
    url = owner.post("change-plan", WISH).json()["next_action"]["url"]
    decide(bought, url, "decline")
    assert is_still_starter(bought)
    shown = owner.get()
    assert shown["next_action"]["url"] == url
    assert (shown["status"], shown["payment_problem"]) == ("active", None)
    assert sent("payment_failed") == [], "nobody owes what was only asked for"
    refused = owner.post("change-plan", WISH)
    assert (refused.status_code, refused.json()["detail"]) == (402, say(Situation.CARD_ASKS))
    stripe_inside.deliver()
    assert open_at(bought) == []


def test_the_same_wish_leads_to_the_same_link_and_another_is_refused(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = starter(stripe_inside, tenant)
    owner = Owner(tenant)
    first = owner.post("change-plan", WISH).json()
    again = owner.post("change-plan", WISH).json()
    assert again["next_action"] == first["next_action"]
    said = say(Situation.CHANGE_IN_THE_WAY, plan="Professional (per month)")
    for wish in (OTHER, {**OTHER, "preview": True}, {"plan": "starter", "interval": "month"}):
        refused = owner.post("change-plan", wish)
        assert (refused.status_code, refused.json()["detail"]) == (409, said)
    charged = bought.stripe.get("invoices", customer=bought.customer_id)["data"]
    assert len([each for each in charged if each["status"] == "open"]) == 1


def test_a_lost_answer_is_repeated_and_asks_for_one_confirmation(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = starter(stripe_inside, tenant)
    owner = Owner(tenant)
    path = f"/v1/subscriptions/{bought.subscription_id}"
    fault = {"path": path, "method": "POST", "drop_connection": True, "after": True, "count": 1}
    stripe_inside.control("faults", fault)
    assert owner.post("change-plan", WISH).status_code == 502
    assert owner.post("change-plan", WISH).json()["next_action"]
    assert len([each for each in open_at(bought) if each["object"] == "invoice"]) == 1


def test_a_void_that_fails_is_an_outage_and_the_change_can_still_be_given_up(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = starter(stripe_inside, tenant, DECLINES)
    owner = Owner(tenant)
    stripe_inside.control("faults", {"path": "/v1/invoices", "method": "POST", "status": 503})
    assert owner.post("change-plan", WISH).status_code == 502
    stripe_inside.deliver()
    assert is_still_starter(bought)
    assert owner.get()["actions"]["give_up_change"] is True
    stripe_inside.faults.clear()
    assert owner.post("change-plan", WISH).status_code == 402, "the same wish sees to the rest"
    stripe_inside.deliver()
    assert open_at(bought) == []
    assert owner.get()["pending_change"] is None


def test_who_gives_up_what_was_just_confirmed_is_told_that_it_is_made(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = starter(stripe_inside, tenant)
    owner = Owner(tenant)
    url = owner.post("change-plan", WISH).json()["next_action"]["url"]
    stripe_inside.page(url, action="pay")
    stripe_inside.deliver()
    settled = owner.post("give-up-change")
    assert settled.status_code == 200
    assert settled.json()["plan"]["code"] == "professional"
    assert plan_at(bought)[1] == "professional"


def test_who_cancels_gives_up_what_waits(stripe_inside: StripeInside, tenant: Tenant) -> None:
    bought = starter(stripe_inside, tenant)
    owner = Owner(tenant)
    owner.post("change-plan", WISH)
    cancelled = owner.post("cancel")
    assert cancelled.status_code == 200
    stripe_inside.deliver()
    assert open_at(bought) == []
    shown = owner.get()
    assert shown["ends_at"]
    assert shown["pending_change"] is None
    assert is_still_starter(bought)


def paused(stripe_inside: StripeInside, tenant: Tenant, card: str) -> Subscriber:
    bought = starter(stripe_inside, tenant, card)
    stripe_inside.control(f"subscriptions/{bought.subscription_id}", {"status": "paused"})
    stripe_inside.deliver()
    return bought


def test_what_follows_a_pause_waits_for_the_bank_too(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = paused(stripe_inside, tenant, ASKS)
    owner = Owner(tenant)
    asked = owner.post("resume").json()
    stripe_inside.deliver()
    assert (asked["status"], asked["suspended"]) == ("paused", True)
    assert asked["pending_change"]["kind"] == "resumption"
    assert asked["pending_change"]["plan"] is None
    assert asked["actions"]["resume"] is False
    assert owner.get()["next_action"] == asked["next_action"]
    decide(bought, asked["next_action"]["url"], "pay")
    shown = owner.get()
    assert (shown["status"], shown["suspended"], shown["next_action"]) == ("active", False, None)
    assert open_at(bought) == []


def test_a_pause_without_a_card_is_ended_by_paying_the_invoice(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(
        stripe_inside, tenant, price_of("starter").stripe_price_id, card="", trial_period_days=7,
        trial_settings={"end_behavior": {"missing_payment_method": "pause"}},
    )  # fmt: skip
    stripe_inside.set_clock(8)
    stripe_inside.deliver()
    owner = Owner(tenant)
    asked = owner.post("resume").json()
    assert asked["status"] == "paused"
    decide(bought, asked["next_action"]["url"], "pay")
    assert owner.get()["status"] == "active"


@pytest.mark.parametrize("card", [DECLINES, "pm_card_visa"])
def test_a_pause_is_ended_by_a_good_card_and_by_no_other(
    stripe_inside: StripeInside, tenant: Tenant, card: str
) -> None:
    bought = paused(stripe_inside, tenant, card)
    owner = Owner(tenant)
    answer = owner.post("resume")
    stripe_inside.deliver()
    good = card != DECLINES
    assert answer.status_code == (200 if good else 402)
    assert owner.get()["status"] == ("active" if good else "paused")
    assert open_at(bought) == []


def test_taking_a_cancellation_back_costs_and_asks_nothing(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    starter(stripe_inside, tenant)
    owner = Owner(tenant)
    owner.post("cancel")
    resumed = owner.post("resume").json()
    assert (resumed["ends_at"], resumed["next_action"]) == (None, None)


def test_staff_see_no_drift_while_a_change_waits(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    starter(stripe_inside, tenant)
    Owner(tenant).post("change-plan", WISH)
    stripe_inside.deliver()
    with in_public():
        assert [each.line for each in reconcile.differences(tenant=tenant)] == []
        assert not StripeEvent.objects.exclude(status__in=("processed", "ignored")).exists()


def test_the_lines_of_a_change_are_in_the_readers_language(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    starter(stripe_inside, tenant)
    costs = {
        language: Owner(tenant, language=language)
        .post("change-plan", {**WISH, "preview": True})
        .json()["lines"]
        for language in ("en", "el")
    }
    assert [line["kind"] for line in costs["en"]] == ["given_back", "rest_of_period"]
    assert [line["description"] for line in costs["en"]] == [
        "Unused time of Starter", "Professional for the rest of the period",
    ]  # fmt: skip
    assert not any("time" in line["description"] for line in costs["el"])
    assert all(line["description"] for line in costs["el"])


@pytest.mark.parametrize(
    ("subscription", "waits"),
    [
        ({"collection_method": "charge_automatically"}, True),
        ({"collection_method": "send_invoice"}, False),
        ({"default_payment_method": {"type": "card"}}, True),
        ({"default_payment_method": {"type": "sepa_debit"}}, False),
        ({"customer": {"invoice_settings": {"default_payment_method": {"type": "sepa_debit"}}}},
         False),
        ({"customer": {"invoice_settings": {"default_payment_method": {"type": "sepa_debit"}}},
          "default_payment_method": {"type": "card"}}, True),
        ({"customer": "cus_1", "default_payment_method": "pm_1"}, True),
    ],
)  # fmt: skip
def test_a_change_waits_for_cards_alone(subscription: dict[str, Any], waits: bool) -> None:
    assert pending_changes.may_wait(subscription) is waits
