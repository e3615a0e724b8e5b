"""Another card by the mock's portal: it is charged from then on."""

from __future__ import annotations

import pytest
import requests

from tests.unit.stripe_inside import URL, Refused, StripeInside


def test_another_card_in_the_portal_is_charged_from_then_on(bare_stripe: StripeInside) -> None:
    stripe = bare_stripe
    small, large = stripe.price(1900)["id"], stripe.price(4900)["id"]
    customer = stripe.customer()
    bought = stripe.subscribe(small, customer=customer["id"])
    bad = stripe.post("payment_methods/pm_card_chargeCustomerFail/attach", customer=customer["id"])
    path = f"subscriptions/{bought['id']}"
    stripe.post(path, default_payment_method=bad["id"])
    change = {
        "items": [{"id": bought["items"]["data"][0]["id"], "price": large}],
        "proration_behavior": "always_invoice", "payment_behavior": "error_if_incomplete",
    }  # fmt: skip
    with pytest.raises(Refused, match="declined"):
        stripe.post(path, **change)

    features = {"payment_method_update": {"enabled": True}}
    shown = stripe.post("billing_portal/configurations", features=features)
    stripe.events()
    session = stripe.post(
        "billing_portal/sessions", customer=customer["id"], configuration=shown["id"]
    )
    page = f"{URL}/portal/{session['id']}"
    seen = stripe.answer(requests.Request("GET", page).prepare())
    assert "Use another card" in seen.text
    stripe.answer(requests.Request("POST", page, data={"action": "card"}).prepare())
    told = [event["type"] for event in stripe.events()]
    assert told == [
        "payment_method.attached", "customer.updated", "customer.subscription.updated",
    ]  # fmt: skip
    kept = stripe.get(f"customers/{customer['id']}")["invoice_settings"]["default_payment_method"]
    assert kept == stripe.get(path)["default_payment_method"] != bad["id"]
    assert stripe.post(path, **change)["items"]["data"][0]["price"]["id"] == large
