"""Invoice items: what is charged beside a subscription's prices, with its next invoice."""

from __future__ import annotations

from mock_stripe.calls import LIST_PARAMS, Call, Route, page
from mock_stripe.customers import live_customer
from mock_stripe.errors import ApiError, invalid, missing_parameter
from mock_stripe.events import emit
from mock_stripe.expansion import NOTES
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document

_KIND = "invoiceitem"


def _create(call: Call) -> Document:
    """Have something charged with the next invoice of a subscription, or taken off it."""
    change, params = call.change, call.params
    params.only("customer", "subscription", "amount", "currency", "description", "metadata",
                "discountable", "expand")  # fmt: skip
    customer = live_customer(change, params.required("customer"), param="customer")
    amount = params.integer("amount")
    if amount is None:
        raise missing_parameter("amount")
    subscription = _subscription(call, customer["id"])
    currency = (params.text("currency") or subscription["currency"]).lower()
    if currency != subscription["currency"]:
        raise invalid("currency", f"The subscription is in {subscription['currency']}.")
    item = _blank(change, customer, subscription["id"]) | {
        "amount": amount,
        "currency": currency,
        "description": params.text("description"),
        "discountable": params.boolean("discountable") is not False,
        "metadata": params.merged_metadata({}),
        "net_amount": amount,
    }
    item["pricing"] = {"price_details": None, "type": "price_details",
                       "unit_amount_decimal": str(amount)}  # fmt: skip
    notes = subscription[NOTES]
    pending = [*notes["pending_lines"], _line(item, subscription["id"])]
    change.put(subscription | {NOTES: notes | {"pending_lines": pending}})
    emit(change, "invoiceitem.created", change.put(item))
    return item


def _subscription(call: Call, customer: str) -> Document:
    """Return the subscription with whose invoice an item comes: the one named, or the newest."""
    if named := call.params.text("subscription"):
        found = call.change.fetch("subscription", named, param="subscription")
        if found["customer"] != customer or found["ended_at"] is not None:
            raise invalid("subscription", "The subscription has ended, or is another customer's.")
        return found
    for found in call.change.find("subscription", customer=customer):
        if found["ended_at"] is None:
            return found
    raise invalid("subscription", "The mock Stripe charges invoice items with a subscription.")


def _line(item: Document, subscription: str) -> Document:
    return {
        "id": new_id("il"),
        "object": "line_item",
        "amount": item["amount"],
        "currency": item["currency"],
        "description": item["description"],
        "discount_amounts": [],
        "discountable": item["discountable"],
        "discounts": [],
        "invoice": None,
        "livemode": False,
        "metadata": item["metadata"],
        "parent": {
            "invoice_item_details": {
                "invoice_item": item["id"],
                "proration": False,
                "proration_details": {"credited_items": None},
                "subscription": subscription,
            },
            "subscription_item_details": None,
            "type": "invoice_item_details",
        },
        "period": item["period"],
        "pretax_credit_amounts": [],
        "pricing": item["pricing"],
        "quantity": 1,
        "quantity_decimal": "1",
        "subscription": subscription,
        "subtotal": item["amount"],
        "taxes": [],
    }


def _retrieve(call: Call) -> Document:
    call.params.only("expand")
    return _with_invoice(call.change, call.change.fetch(_KIND, call.id))


def _list(call: Call) -> Document:
    call.params.only(*LIST_PARAMS, "customer", "pending")
    where = {"customer": {call.params.required("customer")}} if "customer" in call.params else {}
    pending = call.params.boolean("pending")

    def keep(item_id: str) -> bool:
        item = _with_invoice(call.change, call.change.fetch(_KIND, item_id))
        return pending is None or (item["invoice"] is None) == pending

    found = page(call, _KIND, where, keep=keep)
    return found | {"data": [_with_invoice(call.change, each) for each in found["data"]]}


def _delete(call: Call) -> Document:
    call.params.only()
    change = call.change
    item = _with_invoice(change, change.fetch(_KIND, call.id))
    if item["invoice"] is not None:
        raise ApiError(400, "You can only delete invoice items that are not on an invoice yet.")
    subscription = change.fetch(
        "subscription", item["parent"]["subscription_details"]["subscription"]
    )
    notes = subscription[NOTES]
    kept = [line for line in notes["pending_lines"] if _item_of(line) != item["id"]]
    change.put(subscription | {NOTES: notes | {"pending_lines": kept}})
    change.remove(_KIND, item["id"])
    emit(change, "invoiceitem.deleted", item)
    return {"id": item["id"], "object": _KIND, "deleted": True}


def _with_invoice(change: Change, item: Document) -> Document:
    """Return an item with the invoice on which it was charged, if that has been made."""
    for invoice in change.find("invoice", customer=item["customer"]):
        if item["id"] in map(_item_of, invoice["lines"]["data"]):
            return item | {"invoice": invoice["id"]}
    return item


def _item_of(line: Document) -> str | None:
    details = line["parent"]["invoice_item_details"] or {}
    return details.get("invoice_item")


def _blank(change: Change, customer: Document, subscription: str) -> Document:
    details = {"subscription": subscription, "subscription_item": None}
    return {
        "id": new_id("ii"),
        "object": _KIND,
        "customer": customer["id"],
        "customer_account": None,
        "date": change.now,
        "discounts": [],
        "frozen_fields": [],
        "invoice": None,
        "invoicing_rules": [],
        "livemode": False,
        "parent": {"subscription_details": details, "type": "subscription_details"},
        "period": {"start": change.now, "end": change.now},
        "proration": False,
        "proration_details": None,
        "quantity": 1,
        "quantity_decimal": "1",
        "tax_rates": [],
        "test_clock": customer.get("test_clock"),
    }


ROUTES: list[Route] = [
    ("POST", "/v1/invoiceitems", _create),
    ("GET", "/v1/invoiceitems", _list),
    ("GET", "/v1/invoiceitems/<id>", _retrieve),
    ("DELETE", "/v1/invoiceitems/<id>", _delete),
]
