"""Stripe's own libraries live a customer's life at the mock: Python's, and Node's (`clients/stripe`)."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
import requests
import stripe

from devstack.processes import ROOT
from tests.clients.npm import run, tool
from tests.mock_stripe.mock_server import KEY, SECRET, Mock, Receiver

NODE = ROOT / "clients" / "stripe"
API = stripe.api_version
SHOP = "http://shop.test/"


def test_nodes_library_lives_a_customers_life(mock: Mock) -> None:
    node, npm = tool("node"), tool("npm")
    if not (NODE / "node_modules").exists():
        run(npm, "ci", "--prefer-offline", "--no-audit", "--no-fund", cwd=NODE)
    told = json.dumps({"url": mock.url, "key": KEY})
    saw = json.loads(run(node, "life.mjs", cwd=NODE, told=told))
    errors = {name: (each["type"], each["code"]) for name, each in saw.pop("errors").items()}
    assert saw == {
        "api": API,
        "taxId": ["EL094014201", "verified"],
        "session": ["complete", "paid"],
        "bought": ["active", "eleni@node.example", "Professional", 1900],
        "change": True,
        "discount": True,
        "upcoming": [4900, 2450],
        "invoices": ["subscription_update", "subscription_create"],
        "pdf": [200, "%PDF-"],
        "back": [500, 100, "succeeded"],
        "portal": 200,
        "once": [True, "true"],
        "ended": "canceled",
        "told": ["customer.subscription.deleted", True, API],
    }
    assert errors == {
        "limited": ("StripeRateLimitError", "rate_limit"),
        "card": ("StripeCardError", "card_declined"),
        "unknown": ("StripeInvalidRequestError", "resource_missing"),
        "invalid": ("StripeInvalidRequestError", None),
        "otherwise": ("StripeIdempotencyError", None),
        "stranger": ("StripeAuthenticationError", None),
        "broken": ("StripeAPIError", None),
    }


def test_pythons_library_lives_a_customers_life(mock: Mock, receiver: Receiver) -> None:
    api = mock.client().v1
    customer, (small, large) = _customer(api), _prices(api)
    bought = _buys(mock, customer, small)
    _changes_plan_with_a_discount(api, bought, large)
    _gets_something_back(api, customer)
    shown = api.billing_portal.configurations.create(
        {"features": {"invoice_history": {"enabled": True}}}
    )
    portal = api.billing_portal.sessions.create(
        {"customer": customer, "return_url": SHOP, "configuration": shown.id}
    )
    assert requests.get(portal.url, timeout=10).status_code == 200
    _asks_twice(api)
    _is_refused(mock, small)
    assert api.subscriptions.cancel(bought.id).status == "canceled"
    receiver.wait_for("customer.subscription.deleted")
    [told] = [each for each in receiver.deliveries if each.event["type"] == _DELETED]
    event: Any = mock.client().construct_event(told.body, told.signature, SECRET)
    assert (event.data.object.id, event.api_version) == (bought.id, API)
    with pytest.raises(stripe.SignatureVerificationError):
        mock.client().construct_event(told.body + b" ", told.signature, SECRET)


_DELETED = "customer.subscription.deleted"


def _customer(api: Any) -> str:
    number = {"type": "eu_vat", "value": "EL094014201"}
    customer = api.customers.create({"email": "eleni@python.example", "tax_id_data": [number]})
    [tax_id] = api.customers.tax_ids.list(customer.id).data
    assert (tax_id.value, tax_id.verification.status) == ("EL094014201", "verified")
    return str(customer.id)


def _prices(api: Any) -> list[str]:
    product = api.products.create({"name": "Professional"})
    monthly = {"product": product.id, "currency": "eur", "recurring": {"interval": "month"}}
    return [api.prices.create({**monthly, "unit_amount": each}).id for each in (1900, 4900)]


def _buys(mock: Mock, customer: str, price: str) -> Any:
    api = mock.client().v1
    session = api.checkout.sessions.create(
        {
            "mode": "subscription",
            "customer": customer,
            "success_url": SHOP,
            "line_items": [{"price": price, "quantity": 1}],
        }
    )
    mock.complete(session.id)
    paid = api.checkout.sessions.retrieve(session.id)
    assert (paid.status, paid.payment_status) == ("complete", "paid")
    wanted = ["latest_invoice.payments", "customer", "items.data.price.product"]
    bought: Any = api.subscriptions.retrieve(str(paid.subscription), {"expand": wanted})
    [item] = bought["items"].data
    assert (bought.status, bought.customer.email) == ("active", "eleni@python.example")
    assert (item.price.product.name, bought.latest_invoice.amount_paid) == ("Professional", 1900)
    return bought


def _changes_plan_with_a_discount(api: Any, bought: Any, price: str) -> None:
    change: Any = {"items": [{"id": bought["items"].data[0].id, "price": price}]}
    change["proration_behavior"] = "always_invoice"
    preview = api.invoices.create_preview(
        {"subscription": bought.id, "subscription_details": change}
    )
    larger = api.subscriptions.update(bought.id, {**change, "expand": ["latest_invoice"]})
    assert larger.latest_invoice.amount_due == preview.amount_due > 0
    coupon = api.coupons.create({"percent_off": 50, "duration": "once"})
    code = api.promotion_codes.create({"promotion": {"type": "coupon", "coupon": coupon.id}})
    discounts = [{"promotion_code": code.id}]
    api.subscriptions.update(bought.id, {"discounts": discounts})
    upcoming = api.invoices.create_preview({"subscription": bought.id})
    assert (upcoming.subtotal, upcoming.total) == (4900, 2450)


def _gets_something_back(api: Any, customer: str) -> None:
    paged = api.invoices.list({"customer": customer, "limit": 1}).auto_paging_iter()
    newer, older = list(paged)
    assert requests.get(newer.invoice_pdf, timeout=10).content.startswith(b"%PDF-")
    note = api.credit_notes.create({"invoice": older.id, "amount": 500, "refund_amount": 500})
    [payment] = api.invoice_payments.list({"invoice": newer.id}).data
    refund = api.refunds.create({"payment_intent": payment.payment.payment_intent, "amount": 100})
    assert (note.total, refund.amount, refund.status) == (500, 100, "succeeded")


def _asks_twice(api: Any) -> None:
    once = {"idempotency_key": "python-once"}
    first, again = (api.customers.create({"email": "a@python.example"}, once) for _ in range(2))
    assert first.id == again.id
    assert again.last_response.headers["idempotent-replayed"] == "true"
    with pytest.raises(stripe.IdempotencyError):
        api.customers.create({"email": "b@python.example"}, once)


def _is_refused(mock: Mock, price: str) -> None:
    api: Any = mock.client().v1
    broke = api.customers.create().id
    card = api.payment_methods.attach("pm_card_chargeCustomerFail", {"customer": broke}).id
    wish = {"customer": broke, "items": [{"price": price}], "default_payment_method": card}
    stranger: Any = mock.client(key="sk_live_of_somebody").v1
    asked: list[tuple[type[stripe.StripeError], Callable[[], object]]] = [
        (stripe.CardError, lambda: api.subscriptions.create(
            {**wish, "payment_behavior": "error_if_incomplete"})),
        (stripe.InvalidRequestError, lambda: api.customers.retrieve("cus_nobody")),
        (stripe.AuthenticationError, stranger.customers.list),
    ]  # fmt: skip
    for status, kind in ((429, stripe.RateLimitError), (500, stripe.APIError)):
        mock.control("faults", {"status": status, "count": 1, "path": "/v1/products"})
        with pytest.raises(kind):
            api.products.list()
    for error, ask in asked:
        with pytest.raises(error):
            ask()
