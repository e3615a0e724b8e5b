"""Customers and the cards that they pay with."""

from __future__ import annotations

from mock_stripe import clocks, tax_ids
from mock_stripe.calls import LIST_PARAMS, Call, Route, page, retrieve
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
        "card": card_details(last4),
        "created": change.real,
        "customer": customer,
        "customer_account": None,
        "livemode": False,
        "metadata": {},
        "type": "card",
    }


def card_details(last4: str = GOOD) -> Document:
    """Return what is printed on one of Stripe's test cards."""
    return {
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
    }


def card_number(change: Change, card: str | None) -> str:
    """Return the last four digits of a card, by which it behaves; the good one's for none."""
    method = change.get("payment_method", card)
    return str(method["card"]["last4"]) if method else GOOD


def card_of(change: Change, subscription: Document) -> str | None:
    """Return the card that pays a subscription: its own, or else its customer's usual one."""
    customer = change.get("customer", subscription["customer"]) or {}
    usual = (customer.get("invoice_settings") or {}).get("default_payment_method")
    return subscription["default_payment_method"] or usual


def _create(call: Call) -> Document:
    call.params.only(*_PARAMS, "tax_id_data", "test_clock")
    customer = _changed(call.params, _new(call))
    emit(call.change, "customer.created", call.change.put(customer))
    for given in call.params.each("tax_id_data"):
        given.only("type", "value")
        tax_ids.add(call.change, customer["id"], given)
    return customer


def _new(call: Call) -> Document:
    """Return a new customer, who lives by a clock if one is named."""
    change, clock_id = call.change, call.params.text("test_clock")
    if clock_id is None:
        return new_customer(change, email=None)
    clock = change.fetch(clocks.KIND, clock_id, param="test_clock")
    clocks.refuse_while_advancing(clock)
    clocks.refuse_fourth_customer(change, clock)
    with change.at(clock["frozen_time"]):
        return new_customer(change, email=None) | {"test_clock": clock_id}


def _list(call: Call) -> Document:
    """Return customers: those of a clock if one is named, else those who live in real time."""
    params = call.params
    params.only(*LIST_PARAMS, "email", "test_clock")
    where = {name: {params.required(name)} for name in ("email", "test_clock") if name in params}

    def in_real_time(customer_id: str) -> bool:
        return call.change.fetch("customer", customer_id)["test_clock"] is None

    return page(call, "customer", where, keep=None if "test_clock" in where else in_real_time)


def _add_tax_id(call: Call) -> Document:
    call.params.only("type", "value", "expand")
    return tax_ids.add(call.change, live_customer_at(call)["id"], call.params)


def _tax_ids(call: Call) -> Document:
    call.params.only("limit", "starting_after", "ending_before", "expand")
    return page(call, "tax_id", {"customer": {live_customer_at(call)["id"]}})


def _tax_id(call: Call) -> Document:
    call.params.only("expand")
    return _own_tax_id(call)


def _remove_tax_id(call: Call) -> Document:
    call.params.only()
    gone = _own_tax_id(call)
    call.change.remove("tax_id", gone["id"])
    emit(call.change, "customer.tax_id.deleted", gone)
    return {"id": gone["id"], "object": "tax_id", "deleted": True}


def _own_tax_id(call: Call) -> Document:
    found = call.change.fetch("tax_id", call.ids["tax_id"])
    if found["customer"] != live_customer_at(call)["id"]:
        raise no_such("tax_id", found["id"])
    return found


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
    return forget(call.change, live_customer_at(call))


def forget(change: Change, customer: Document) -> Document:
    """Delete a customer, whose subscriptions end by that, and return what is left."""
    for subscription in change.find("subscription", customer=customer["id"]):
        if subscription["ended_at"] is None:
            cancel_now(change, subscription, reason="cancellation_requested")
    emit(change, "customer.deleted", customer)
    kept = {"id": customer["id"], "object": "customer", "created": customer["created"]}
    return change.put(kept | {"deleted": True})


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
    ("GET", "/v1/customers", _list),
    ("GET", "/v1/customers/<id>", _retrieve),
    ("POST", "/v1/customers/<id>", _update),
    ("DELETE", "/v1/customers/<id>", _delete),
    ("GET", "/v1/customers/<id>/payment_methods", _cards),
    ("POST", "/v1/customers/<id>/tax_ids", _add_tax_id),
    ("GET", "/v1/customers/<id>/tax_ids", _tax_ids),
    ("GET", "/v1/customers/<id>/tax_ids/<tax_id>", _tax_id),
    ("DELETE", "/v1/customers/<id>/tax_ids/<tax_id>", _remove_tax_id),
    ("GET", "/v1/payment_methods/<id>", retrieve("payment_method")),
    ("POST", "/v1/payment_methods/<id>/attach", _attach),
]
