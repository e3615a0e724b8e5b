"""Invoices and their payments as the API reads, previews and pays them."""

from __future__ import annotations

from mock_stripe import invoices, lines, transitions
from mock_stripe.calls import (
    LIST_PARAMS,
    Call,
    Route,
    list_object,
    listing,
    page,
    retrieve,
)
from mock_stripe.errors import ApiError, card_declined, missing_parameter, unknown_parameter
from mock_stripe.expansion import NOTES
from mock_stripe.forms import Params
from mock_stripe.ids import new_id
from mock_stripe.revision import revised
from mock_stripe.store import Change
from mock_stripe.table import Document

# Stripe's test cards whose charges fail begin so: pm_card_chargeDeclined, and its relatives.
_BAD_CARD = "pm_card_chargeDeclined"
_REVISING = (
    "items", "cancel_at", "cancel_at_period_end", "proration_behavior", "proration_date",
    "trial_end", "billing_cycle_anchor", "billing_mode", "default_tax_rates",
)  # fmt: skip


def _pay(call: Call) -> Document:
    change, params = call.change, call.params
    params.only("payment_method", "off_session", "paid_out_of_band", "expand", "source")
    invoice = change.fetch("invoice", call.id)
    if invoice["status"] == "draft":
        invoice = invoices.finalize(change, invoice)
    if invoice["status"] != "open":
        raise ApiError(400, f"Invoice is already {invoice['status']}", code="invoice_not_open")
    subscription = change.get(
        "subscription", invoice["parent"]["subscription_details"]["subscription"]
    )
    card = (subscription or {}).get("default_payment_method")
    if (params.text("payment_method") or "").startswith(_BAD_CARD):
        failed = transitions.refuse_invoice(change, invoice, card=card)
        raise card_declined(kept=True, payment_intent=_intent_of(change, failed))
    return transitions.pay_owed(change, invoice, card=card)


def _intent_of(change: Change, invoice: Document) -> Document:
    payments = change.find("invoice_payment", invoice=invoice["id"])
    return change.fetch("payment_intent", payments[0]["payment"]["payment_intent"])


def _preview(call: Call) -> Document:
    change, params = call.change, call.params
    params.only("customer", "subscription", "subscription_details", "preview_mode", "expand",
                "currency", "automatic_tax", "schedule")  # fmt: skip
    if "subscription" not in params:
        raise missing_parameter("subscription")
    before = change.fetch("subscription", params.required("subscription"), param="subscription")
    if before["ended_at"] is not None:
        raise ApiError(404, f"No upcoming invoices for subscription: {before['id']}",
                       code="invoice_upcoming_none")  # fmt: skip
    given = params.nested("subscription_details")
    _refuse_unknown(given)
    revision = revised(change, given, before)
    if revision.subscription["cancel_at"] is not None and not revision.lines:
        raise ApiError(404, f"No upcoming invoices for subscription: {before['id']}",
                       code="invoice_upcoming_none")  # fmt: skip
    after = revision.subscription
    costs = after[NOTES]["pending_lines"] + revision.lines
    if not revision.bill_now:
        costs = [*costs, *lines.upcoming(change, after)]
    return _upcoming(call, after, costs, bill_now=revision.bill_now)


def _refuse_unknown(given: Params) -> None:
    for name in given.names():
        if name not in _REVISING:
            raise unknown_parameter(given.name_of(name))


def _upcoming(
    call: Call, subscription: Document, costs: list[Document], *, bill_now: bool
) -> Document:
    reason = "subscription_update" if bill_now else "upcoming"
    invoice_id = new_id("upcoming_in")
    invoice = invoices.build(call.change, subscription, costs, reason=reason, invoice_id=invoice_id)
    if not bill_now:
        end = min(item["current_period_end"] for item in lines.items_of(subscription))
        invoice |= {"created": end, "period_end": end, "next_payment_attempt": end + 3600}
    details = invoice["parent"]["subscription_details"]
    given = call.params.nested("subscription_details").integer("proration_date")
    details["subscription_proration_date"] = given or call.change.now
    return invoice


def _payments(call: Call) -> Document:
    params = call.params
    params.only(*LIST_PARAMS, "invoice", "payment", "status")
    where = {name: {params.required(name)} for name in ("invoice", "status") if name in params}
    if "payment" in params:
        payment = params.nested("payment")
        payment.only("type", "payment_intent")
        payment.required("type")
        where["payment_intent"] = {payment.required("payment_intent")}
    return page(call, "invoice_payment", where)


def _lines(call: Call) -> Document:
    call.params.only(*LIST_PARAMS)
    return list_object(call.change.fetch("invoice", call.id)["lines"]["data"], url=call.url)


def _void(call: Call) -> Document:
    call.params.only("expand")
    invoice = call.change.fetch("invoice", call.id)
    if invoice["status"] != "open":
        raise ApiError(400, f"Invoice is {invoice['status']}: only open invoices can be voided.")
    return invoices.void(call.change, invoice)


ROUTES: list[Route] = [
    ("GET", "/v1/invoices", listing("invoice", "customer", "subscription", "status")),
    ("POST", "/v1/invoices/create_preview", _preview),
    ("GET", "/v1/invoices/<id>", retrieve("invoice")),
    ("GET", "/v1/invoices/<id>/lines", _lines),
    ("POST", "/v1/invoices/<id>/pay", _pay),
    ("POST", "/v1/invoices/<id>/void", _void),
    ("GET", "/v1/invoice_payments", _payments),
    ("GET", "/v1/invoice_payments/<id>", retrieve("invoice_payment")),
]
