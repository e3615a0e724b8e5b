"""What is charged beside the plan is no plan, wherever in Stripe's list it stands."""

from __future__ import annotations

from typing import Any

import pytest
import requests

from billing.models import Price, Subscription
from tests.billing.owners.owner import Document, Owner, buyer
from tests.customer import Order, Shop, until

ADD_ON = 500
ENTERPRISE = {"plan": "enterprise", "interval": "month"}


class Seller:
    """Staff in Stripe's Dashboard, at one subscription."""

    def __init__(self, owner: Owner) -> None:
        self.owner = owner

    def add(self, *, quantity: int) -> Document:
        """Add something for 5.00 a month, so many times."""
        product = self._send("POST", "products", name="Extra storage")
        price = self._send(
            "POST", "prices", product=product["id"], currency="eur", unit_amount=ADD_ON,
            **{"recurring[interval]": "month"},
        )  # fmt: skip
        return self.add_price(price["id"], quantity=quantity)

    def add_price(self, price_id: str, *, quantity: int) -> Document:
        """Add an item at this price."""
        return self._send(
            "POST", "subscription_items", subscription=self.owner.subscription_id,
            price=price_id, quantity=quantity, proration_behavior="none",
        )  # fmt: skip

    def set_quantity(self, item_id: str, quantity: int) -> None:
        """Sell an item so many times from now on."""
        self._send("POST", f"subscription_items/{item_id}", quantity=quantity)

    def remove(self, item_id: str) -> None:
        """Take an item away."""
        self._send("DELETE", f"subscription_items/{item_id}", proration_behavior="none")

    def _send(self, method: str, path: str, **params: Any) -> Document:
        shop = self.owner.shop
        answer = requests.request(
            method, f"{shop.mock}/v1/{path}", data=params, timeout=30,
            auth=(shop.stack.env["STRIPE_SECRET_KEY"], ""),
        )  # fmt: skip
        assert answer.ok, answer.text
        sent: Document = answer.json()
        return sent


def price_of(plan: str) -> Price:
    """Return our monthly price of a plan."""
    return Price.objects.get(plan__code=plan, interval="month", currency="eur")


def items_at_stripe(owner: Owner) -> dict[str, int]:
    """Return what is charged: quantity by price."""
    items = owner.at_stripe["items"]["data"]
    return {item["price"]["id"]: item["quantity"] for item in items}


def mirrored(owner: Owner) -> Subscription:
    """Return the subscription as we have it."""
    return Subscription.objects.get(pk=owner.subscription_id)


@pytest.fixture
def owner(shop: Shop) -> Owner:
    """Somebody who bought Professional."""
    return buyer(shop, Order(plan="professional"))


@pytest.mark.parametrize("quantity", [1, 3])
def test_an_add_on_before_the_plan_is_not_taken_for_it(owner: Owner, quantity: int) -> None:
    professional, enterprise = price_of("professional"), price_of("enterprise")
    seller = Seller(owner)
    added = seller.add(quantity=quantity)
    extra = ADD_ON * quantity
    until(lambda: owner.get()["next_charge"]["amount"] == professional.unit_amount + extra)

    [plans_item] = [each for each in owner.at_stripe["items"]["data"] if each["id"] != added["id"]]
    seller.remove(plans_item["id"])
    again = seller.add_price(professional.stripe_price_id, quantity=1)
    assert owner.at_stripe["items"]["data"][0]["id"] == added["id"], "the add-on is first now"
    until(lambda: mirrored(owner).item_id == again["id"])
    shown = owner.get()
    assert (shown["plan"]["code"], shown["price"]["quantity"]) == ("professional", 1)
    assert shown["price"]["unit_amount"] == professional.unit_amount
    assert shown["next_charge"]["amount"] == professional.unit_amount + extra

    costs = owner.post("change-plan", {**ENTERPRISE, "preview": True}).json()
    assert costs["next_charge"]["amount"] == enterprise.unit_amount + extra
    differences = enterprise.unit_amount - professional.unit_amount
    assert 0 < costs["due_now"] <= differences, "nothing of the add-on, nothing three times"
    changed = owner.post("change-plan", {**ENTERPRISE, "at": costs["at"]})
    assert changed.status_code == 200, changed.text
    assert owner.invoices()[0]["amount_paid"] == costs["due_now"]
    assert items_at_stripe(owner) == {
        enterprise.stripe_price_id: 1,
        added["price"]["id"]: quantity,
    }
    shown = changed.json()
    assert shown["plan"]["code"] == "enterprise"
    assert shown["next_charge"]["amount"] == enterprise.unit_amount + extra


def test_a_plan_that_is_gone_beside_its_add_on_is_not_replaced_by_it(owner: Owner) -> None:
    seller = Seller(owner)
    seller.add(quantity=1)
    [plans_item, _added] = owner.at_stripe["items"]["data"]
    seller.remove(plans_item["id"])
    shown = until(lambda: (found := owner.get())["price"] is None and found)
    assert (shown["plan"]["code"], shown["actions"]["change_plan"]) == ("professional", False)
    assert shown["next_charge"]["amount"] == ADD_ON
    before = items_at_stripe(owner)
    for _again in range(2):  # whatever is read in between
        assert owner.post("change-plan", ENTERPRISE).status_code == 409
    assert owner.get()["price"] is None
    assert items_at_stripe(owner) == before


def test_a_change_keeps_the_plans_quantity(owner: Owner) -> None:
    professional, enterprise = price_of("professional"), price_of("enterprise")
    seller = Seller(owner)
    seller.add(quantity=3)
    [plans_item, _added] = owner.at_stripe["items"]["data"]
    seller.set_quantity(plans_item["id"], 2)
    total = 2 * professional.unit_amount + 3 * ADD_ON
    until(lambda: owner.get()["next_charge"]["amount"] == total)
    assert owner.post("change-plan", ENTERPRISE).status_code == 200
    assert items_at_stripe(owner)[enterprise.stripe_price_id] == 2
