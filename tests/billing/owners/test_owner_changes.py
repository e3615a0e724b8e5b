"""What owners do with the subscription: each deed counts once, however often it is asked for."""

from __future__ import annotations

import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import requests
from django.db import transaction

from billing.models import Price, Subscription
from tests.billing.owners.owner import Document, Owner, buyer
from tests.customer import Order, Shop, until

YEARLY = {"plan": "professional", "interval": "year"}
MONTHLY = {"plan": "professional", "interval": "month"}


def price_of(wish: Document) -> Price:
    """Return our price for a wish."""
    return Price.objects.get(plan__code=wish["plan"], interval=wish["interval"], currency="eur")


def price_at_stripe(owner: Owner) -> str:
    """Return the price that is really charged."""
    return str(owner.at_stripe["items"]["data"][0]["price"]["id"])


@pytest.mark.parametrize("wish", [MONTHLY, YEARLY], ids=["plan", "interval"])
def test_a_preview_changes_nothing_and_says_what_is_then_charged(
    owner: Owner, wish: Document
) -> None:
    before, invoices = price_at_stripe(owner), owner.invoices()
    preview = owner.post("change-plan", {**wish, "preview": True})
    assert preview.status_code == 200, preview.text
    costs = preview.json()
    assert (price_at_stripe(owner), owner.invoices()) == (before, invoices)
    assert costs["due_now"] == sum(line["amount"] for line in costs["lines"]) > 0

    changed = owner.post("change-plan", {**wish, "at": costs["at"]})
    assert changed.status_code == 200, changed.text
    assert changed.json()["plan"]["code"] == "professional"
    assert changed.json()["price"]["interval"] == wish["interval"]
    assert price_at_stripe(owner) == price_of(wish).stripe_price_id
    charged = owner.invoices()[0]
    assert (charged["status"], charged["amount_paid"]) == ("paid", costs["due_now"])
    assert len(owner.invoices()) == len(invoices) + 1
    assert changed.json()["next_charge"]["at"] == costs["next_charge"]["at"]
    until(lambda: charged["id"] in {each["id"] for each in owner.get("/api/invoices/")["results"]})


def test_a_smaller_plan_costs_nothing_now_and_leaves_a_credit(shop: Shop) -> None:
    owner = buyer(shop, Order(plan="professional"))
    smaller = {"plan": "starter", "interval": "month"}
    costs = owner.post("change-plan", {**smaller, "preview": True}).json()
    assert costs["due_now"] == 0
    assert costs["credit"] == -sum(line["amount"] for line in costs["lines"]) > 0
    assert owner.post("change-plan", {**smaller, "at": costs["at"]}).status_code == 200
    customer = owner.stripe(f"customers/{owner.at_stripe['customer']}")
    assert customer["balance"] == -costs["credit"]


def test_in_a_trial_nothing_is_charged_before_its_end(shop: Shop) -> None:
    owner = buyer(shop, Order(plan="professional"), outcome="trial")
    trial_end = owner.get()["trial_end"]
    costs = owner.post("change-plan", {**YEARLY, "preview": True}).json()
    assert (costs["due_now"], costs["credit"], costs["lines"]) == (0, 0, [])
    coming = costs["next_charge"]
    assert (coming["at"], coming["amount"]) == (trial_end, price_of(YEARLY).unit_amount)
    assert costs["trial"]["effect"] == "trial_kept"
    shown = owner.post("change-plan", YEARLY).json()
    assert (shown["status"], shown["trial_end"]) == ("trialing", trial_end)
    assert sum(invoice["amount_due"] for invoice in owner.invoices()) == 0


def test_the_same_key_and_body_get_the_same_answer_and_charge_once(owner: Owner) -> None:
    key = secrets.token_hex(8)
    first = owner.post("change-plan", YEARLY, key=key)
    again = owner.post("change-plan", YEARLY, key=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert again.json() == first.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first.headers
    assert len(owner.invoices()) == 2


def test_another_body_under_the_same_key_is_refused(owner: Owner) -> None:
    key = secrets.token_hex(8)
    assert owner.post("cancel", key=key).status_code == 200
    for verb, body in (("resume", None), ("change-plan", YEARLY)):
        refused = owner.post(verb, body, key=key)
        assert refused.status_code == 422
        assert refused.json()["type"].endswith("idempotency-key-reused")
    assert owner.at_stripe["cancel_at_period_end"]


def test_a_twin_of_a_request_that_is_at_work_is_told_so(owner: Owner) -> None:
    key = secrets.token_hex(8)
    owner.fault(path="/v1/subscriptions", delay_ms=2000, count=1)
    with ThreadPoolExecutor() as pool:
        slow = pool.submit(owner.post, "cancel", key=key)
        time.sleep(0.7)
        twin = owner.post("cancel", key=key)
        assert twin.status_code == 409
        assert slow.result().status_code == 200
    assert owner.post("cancel", key=key).json() == slow.result().json()


def test_pressing_many_times_at_once_charges_once(owner: Owner) -> None:
    with ThreadPoolExecutor(max_workers=6) as pool:
        presses = [pool.submit(owner.post, "change-plan", YEARLY) for _ in range(6)]
        answers = {press.result().status_code for press in presses}
    assert 200 in answers
    assert answers <= {200, 409}
    assert price_at_stripe(owner) == price_of(YEARLY).stripe_price_id
    assert len(owner.invoices()) == 2


def test_who_finds_the_subscription_held_is_told_so_before_stripe_is_asked(owner: Owner) -> None:
    with transaction.atomic():
        Subscription.objects.select_for_update().get(pk=owner.subscription_id)
        began = time.monotonic()
        refused = owner.post("cancel")
        assert time.monotonic() - began < 5
    assert refused.status_code == 409
    assert not owner.at_stripe["cancel_at_period_end"]


def test_an_old_preview_is_not_charged(owner: Owner) -> None:
    began = datetime.fromtimestamp(owner.at_stripe["items"]["data"][0]["current_period_start"], UTC)
    old = (began + timedelta(hours=2)).isoformat()
    refused = owner.post("change-plan", {**YEARLY, "at": old})
    assert refused.status_code == 409
    assert len(owner.invoices()) == 1


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"plan": "golden", "interval": "month"}, "plan"),
        ({"plan": "starter", "interval": "day"}, "interval"),
        ({"plan": "starter"}, "interval"),
    ],
)
def test_a_wish_that_makes_no_sense_is_refused_by_field(
    owner: Owner, wish: Document, field: str
) -> None:
    refused = owner.post("change-plan", wish)
    assert refused.status_code == 400
    assert field in refused.json()["errors"]


def test_the_plan_that_one_has_costs_nothing_to_choose_again(owner: Owner) -> None:
    same = {"plan": "starter", "interval": "month"}
    assert owner.post("change-plan", same).status_code == 200
    assert owner.post("change-plan", {**same, "preview": True}).status_code == 400
    assert len(owner.invoices()) == 1


def test_cancelling_ends_with_the_period_and_can_be_taken_back(owner: Owner) -> None:
    cancelled = owner.post("cancel").json()
    ends = owner.at_stripe["items"]["data"][0]["current_period_end"]
    assert owner.at_stripe["cancel_at_period_end"]
    assert datetime.fromisoformat(cancelled["ends_at"]).timestamp() == ends
    kept = datetime.fromisoformat(cancelled["data_kept_until"]) - datetime.fromisoformat(
        cancelled["ends_at"]
    )
    assert kept == timedelta(days=90)
    assert cancelled["next_charge"] is None
    assert cancelled["actions"]["resume"] is True
    assert owner.post("cancel").json() == cancelled  # pressed twice
    assert owner.post("change-plan", YEARLY).status_code == 409

    resumed = owner.post("resume").json()
    assert not owner.at_stripe["cancel_at_period_end"]
    assert (resumed["ends_at"], resumed["status"]) == (None, "active")
    assert owner.post("resume").json() == resumed


def test_a_pause_is_ended_and_people_are_let_in_again(owner: Owner) -> None:
    owner.move("paused")
    until(lambda: owner.get()["suspended"])
    resumed = owner.post("resume")
    assert resumed.status_code == 200, resumed.text
    assert (resumed.json()["status"], resumed.json()["suspended"]) == ("active", False)
    until(lambda: owner.ask("GET", "/api/schema/").status_code == 200)


def test_what_has_ended_stays_ended(owner: Owner) -> None:
    owner.move("canceled")
    for verb in ("resume", "cancel"):
        assert owner.post(verb).status_code == 409
    assert owner.get()["actions"] == {
        "change_plan": False,
        "give_up_change": False,
        "cancel": False,
        "resume": False,
        "portal": True,
        "begin_again": True,
    }


def test_the_portal_is_the_tenants_own_and_leads_back(owner: Owner) -> None:
    answer = owner.post("portal")
    assert answer.status_code == 200
    page = requests.get(answer.json()["url"].replace("localhost", "127.0.0.1"), timeout=10)
    assert page.status_code == 200
    assert f"{owner.workspace.url}billing/" in page.text
