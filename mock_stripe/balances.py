"""A customer's balance: what is below nothing is credit, and the next invoices use it up."""

from __future__ import annotations

from mock_stripe.calls import Call, Route, page
from mock_stripe.customers import live_customer_at
from mock_stripe.errors import missing_parameter
from mock_stripe.events import put_and_emit
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document


def apply_to_invoice(change: Change, customer: Document, invoice: Document) -> None:
    """Move the balance to where an invoice leaves it, with a transaction that says so."""
    amount = invoice["ending_balance"] - invoice["starting_balance"]
    if amount:
        _move(change, customer, amount, kind="applied_to_invoice", invoice=invoice["id"])


def give_back(change: Change, customer: Document, invoice: Document) -> None:
    """Undo what an invoice that is voided has taken from the balance."""
    amount = invoice["starting_balance"] - invoice["ending_balance"]
    if amount:
        _move(change, customer, amount, kind="unapplied_from_invoice", invoice=invoice["id"])


def _move(
    change: Change,
    customer: Document,
    amount: int,
    *,
    kind: str = "adjustment",
    invoice: str | None = None,
    description: str | None = None,
    currency: str | None = None,
) -> Document:
    currency = customer["currency"] or currency or "eur"
    after = customer | {"balance": customer["balance"] + amount, "currency": currency}
    put_and_emit(change, "customer.updated", customer, after)
    return change.put(
        {
            "id": new_id("cbtxn"),
            "object": "customer_balance_transaction",
            "amount": amount,
            "checkout_session": None,
            "created": change.now,
            "credit_note": None,
            "currency": currency,
            "customer": customer["id"],
            "customer_account": None,
            "description": description,
            "ending_balance": after["balance"],
            "invoice": invoice,
            "livemode": False,
            "metadata": {},
            "type": kind,
        }
    )


def _create(call: Call) -> Document:
    params = call.params
    params.only("amount", "currency", "description", "metadata", "expand")
    customer = live_customer_at(call)
    amount = params.integer("amount")
    if amount is None:
        raise missing_parameter("amount")
    return _move(
        call.change,
        customer,
        amount,
        description=params.text("description"),
        currency=params.required("currency").lower(),
    )


def _list(call: Call) -> Document:
    call.params.only("limit", "starting_after", "ending_before", "expand")
    return page(call, "customer_balance_transaction", {"customer": {live_customer_at(call)["id"]}})


ROUTES: list[Route] = [
    ("POST", "/v1/customers/<id>/balance_transactions", _create),
    ("GET", "/v1/customers/<id>/balance_transactions", _list),
]
