"""Customers and the cards that they pay with."""

from __future__ import annotations

from mock_stripe.calls import Call, Route, listing, page, retrieve
from mock_stripe.cancellation import cancel_now
from mock_stripe.errors import invalid, no_such
from mock_stripe.events import emit, put_and_emit
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document

_TEXTS = ("email", "name", "phone", "description", "business_name", "individual_name")
_PARAMS = (*_TEXTS, "metadata", "address", "preferred_locales", "tax_exempt", "expand",
           "invoice_settings", "shipping", "balance")  # fmt: skip
# Stripe's test cards behave by their number: https://docs.stripe.com/testing
GOOD, DECLINES, ASKS = "4242", "0341", "3184"
_TEST_CARDS = {
    "pm_card_visa": GOOD,
    "pm_card_chargeCustomerFail": DECLINES,
    "pm_card_authenticationRequired": ASKS,
}
_ADDRESS = ("city", "country", "line1", "line2", "postal_code", "state")


def new_customer(change: Change, *, email: str | None, name: str | None = None) -> Document:
    """Return a customer that is not yet written."""
    customer_id = new_id("cus")
    return {
        "id": customer_id,
        "object": "customer",
        "address": None,
        "balance": 0,
        "created": change.now,
        "currency": None,
        "customer_account": None,
        "default_source": None,
        "delinquent": False,
        "description": None,
        "discount": None,
        "email": email,
        "invoice_prefix": customer_id[-8:].upper(),
        "invoice_settings": {
            "custom_fields": None,
            "default_payment_method": None,
            "footer": None,
            "rendering_options": None,
        },
        "livemode": False,
        "metadata": {},
        "name": name,
        "next_invoice_sequence": 1,
        "phone": None,
        "preferred_locales": [],
        "shipping": None,
        "tax_exempt": "none",
        "test_clock": None,
    }


def live_customer(change: Change, customer_id: str, *, param: str) -> Document:
    """Return a customer that is not deleted, or raise Stripe's error about this parameter."""
    customer = change.fetch("customer", customer_id, param=param)
    if customer.get("deleted"):
        raise no_such("customer", customer_id, param=param, status=400)
    return customer


def new_card(
    change: Change, *, customer: str | None, email: str | None, last4: str = GOOD
) -> Document:
    """Return one of Stripe's well-known test cards, not yet written."""
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": {"country": "GR"} | dict.fromkeys(set(_ADDRESS) - {"country"}),
            "email": email,
            "name": None,
            "phone": None,
            "tax_id": None,
        },
        "card": {
            "brand": "visa",
            "checks": {
                "address_line1_check": None,
                "address_postal_code_check": None,
                "cvc_check": "pass",
            },
            "country": "US",
            "display_brand": "visa",
            "exp_month": 12,
            "exp_year": 2034,
            "fingerprint": "Xt5EWLLDS7FJjR1c",
            "funding": "credit",
            "generated_from": None,
            "last4": last4,
            "networks": {"available": ["visa"], "preferred": None},
            "regulated_status": "unregulated",
            "three_d_secure_usage": {"supported": True},
            "wallet": None,
        },
        "created": change.now,
        "customer": customer,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def card_number(change: Change, card: str | None) -> str:
    """Return the last four digits of a card, by which it behaves; the good one's for none."""
    method = change.get("payment_method", card)
    return str(method["card"]["last4"]) if method else GOOD


def _create(call: Call) -> Document:
    call.params.only(*_PARAMS)
    customer = _changed(call.params, new_customer(call.change, email=None))
    emit(call.change, "customer.created", call.change.put(customer))
    return customer


def _update(call: Call) -> Document:
    call.params.only(*_PARAMS)
    before = live_customer_at(call)
    return put_and_emit(call.change, "customer.updated", before, _changed(call.params, before))


def _changed(params: Params, customer: Document) -> Document:
    changed = customer | {name: params.text(name) for name in _TEXTS if name in params}
    if "address" in params:
        address = params.nested("address")
        changed["address"] = {name: address.text(name) for name in _ADDRESS}
    if "preferred_locales" in params:
        changed["preferred_locales"] = params.texts("preferred_locales")
    if "balance" in params:
        changed["balance"] = params.integer("balance") or 0
    if "tax_exempt" in params:
        changed["tax_exempt"] = params.choice("tax_exempt", "none", "exempt", "reverse") or "none"
    card = params.nested("invoice_settings").text("default_payment_method")
    if card is not None:
        changed["invoice_settings"]["default_payment_method"] = card
    return changed | {"metadata": params.merged_metadata(customer["metadata"])}


def live_customer_at(call: Call) -> Document:
    """Return the customer in the path; one who was deleted cannot be worked with any more."""
    customer = call.change.fetch("customer", call.id)
    if customer.get("deleted"):
        raise no_such("customer", call.id)
    return customer


def _delete(call: Call) -> Document:
    call.params.only()
    customer = live_customer_at(call)
    for subscription in call.change.find("subscription", customer=call.id):
        if subscription["ended_at"] is None:
            cancel_now(call.change, subscription, reason="cancellation_requested")
    emit(call.change, "customer.deleted", customer)
    return call.change.put(
        {"id": call.id, "object": "customer", "deleted": True, "created": customer["created"]}
    )


def _retrieve(call: Call) -> Document:
    customer = retrieve("customer")(call)
    if customer.get("deleted"):
        return {"id": call.id, "object": "customer", "deleted": True}
    return customer


def _cards(call: Call) -> Document:
    call.params.only("limit", "starting_after", "ending_before", "type", "expand")
    return page(call, "payment_method", {"customer": {live_customer_at(call)["id"]}})


def _attach(call: Call) -> Document:
    change, params = call.change, call.params
    params.only("customer", "expand")
    customer = live_customer(change, params.required("customer"), param="customer")
    if call.id not in _TEST_CARDS:
        raise invalid("payment_method", f"The mock attaches only {', '.join(_TEST_CARDS)}.")
    card = new_card(
        change, customer=customer["id"], email=customer["email"], last4=_TEST_CARDS[call.id]
    )
    emit(change, "payment_method.attached", change.put(card))
    return card


ROUTES: list[Route] = [
    ("POST", "/v1/customers", _create),
    ("GET", "/v1/customers", listing("customer", "email")),
    ("GET", "/v1/customers/<id>", _retrieve),
    ("POST", "/v1/customers/<id>", _update),
    ("DELETE", "/v1/customers/<id>", _delete),
    ("GET", "/v1/customers/<id>/payment_methods", _cards),
    ("GET", "/v1/payment_methods/<id>", retrieve("payment_method")),
    ("POST", "/v1/payment_methods/<id>/attach", _attach),
]
