"""Invoices through their life: draft, open, paid; or refused by the card and tried again."""

from __future__ import annotations

import re

from mock_stripe import balances, discounts, taxes
from mock_stripe.calls import list_object
from mock_stripe.events import emit, put_and_emit
from mock_stripe.expansion import NOTES
from mock_stripe.ids import new_id
from mock_stripe.payments import cancel, new_intent
from mock_stripe.store import Change
from mock_stripe.table import Document

_RETRY_AFTER = 3 * 86_400
_DAY = 86_400
_LINK_LIVES = 30 * _DAY
BY_INVOICE = "send_invoice"


def build(
    change: Change, subscription: Document, lines: list[Document], *, reason: str, invoice_id: str
) -> Document:
    """Return a draft invoice that is not written; a customer's credit is already used on it."""
    customer = change.get("customer", subscription["customer"]) or {}
    in_force = [change.fetch("discount", each) for each in subscription["discounts"]]
    begins = max((line["period"]["start"] for line in lines), default=change.now)
    lines, off = discounts.taken_off(change, lines, in_force, at=begins)
    lines = taxes.taxed(change, subscription, customer, lines)
    subtotal = sum(line["amount"] for line in lines)
    total = subtotal - sum(each["amount"] for each in off) + taxes.added(lines)
    balance = int(customer.get("balance", 0))
    due = max(0, total + balance)
    url = f"/v1/invoices/{invoice_id}/lines"
    dated = [line | {"invoice": invoice_id} for line in lines]
    return _blank(change, customer) | {
        "id": invoice_id,
        "amount_due": due,
        "amount_remaining": due,
        "billing_reason": reason,
        "collection_method": subscription["collection_method"],
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "default_payment_method": None,
        "discounts": [each["discount"] for each in off],
        "due_date": _due(subscription, change.now),
        "ending_balance": min(0, total + balance),
        "lines": list_object(dated, url=url) | {"total_count": len(lines)},
        "parent": {
            "quote_details": None,
            "subscription_details": {
                "metadata": subscription["metadata"],
                "subscription": subscription["id"],
            },
            "type": "subscription_details",
        },
        "starting_balance": balance,
        "subtotal": subtotal,
        "total": total,
        "total_discount_amounts": off,
        **taxes.sums(change, subscription, customer, lines, total),
    }


def _due(subscription: Document, made: int) -> int | None:
    days = subscription["days_until_due"]
    return None if days is None else made + days * _DAY


def draft(
    change: Change,
    subscription: Document,
    lines: list[Document],
    *,
    reason: str,
    invoice_id: str | None = None,
) -> Document:
    """Write a draft invoice and tell of it."""
    invoice = build(
        change, subscription, lines, reason=reason, invoice_id=invoice_id or new_id("in")
    )
    emit(change, "invoice.created", change.put(invoice))
    return invoice


def finalize(change: Change, invoice: Document) -> Document:
    """Give the invoice its number and open it for payment."""
    customer = change.fetch("customer", invoice["customer"])
    sequence = customer.get("next_invoice_sequence", 1)
    if not customer.get("deleted"):
        counted = change.put(customer | {"next_invoice_sequence": sequence + 1})
        balances.apply_to_invoice(change, counted, invoice)
    invoice = invoice | {
        "effective_at": change.now,
        **_links(change, invoice),
        "number": f"{customer.get('invoice_prefix', 'DELETED')}-{sequence:04d}",
        "status": "open",
        "status_transitions": invoice["status_transitions"] | {"finalized_at": change.now},
    }
    emit(change, "invoice.finalized", change.put(invoice))
    if invoice["collection_method"] == BY_INVOICE and invoice["amount_due"]:
        emit(change, "invoice.sent", invoice)
    return invoice


def with_living_links(change: Change, invoice: Document) -> Document:
    """Return an invoice whose links have not ended: whoever asks anew gets new ones."""
    ended = invoice["hosted_invoice_url"] and not is_alive(change, invoice["hosted_invoice_url"])
    return invoice | _links(change, invoice) if ended else invoice


def is_alive(change: Change, link: str) -> bool:
    """Say whether a link to an invoice still leads there."""
    until = re.search(r"[?&]until=(\d{1,12})\b", link, re.ASCII)
    return until is None or change.real <= int(until[1])


def _links(change: Change, invoice: Document) -> Document:
    page = f"{change.public_url}/invoice/{invoice['id']}"
    until = change.real + _LINK_LIVES
    return {
        "hosted_invoice_url": f"{page}?until={until}",
        "invoice_pdf": f"{page}/pdf?until={until}",
    }


def fall_due(change: Change, invoice: Document) -> Document:
    """Note that the day has passed by which a sent invoice was to be paid."""
    overdue = change.put(invoice | {NOTES: {"overdue": True}})
    emit(change, "invoice.overdue", overdue)
    return overdue


def falls_due_at(invoice: Document) -> int | None:
    """Return when a sent invoice that nobody has paid will be overdue; None if it is already."""
    waiting = invoice["status"] == "open" and not invoice.get(NOTES, {}).get("overdue")
    return invoice["due_date"] if waiting else None


def intent_for(change: Change, invoice: Document) -> Document:
    """Return the payment intent of an open invoice; a new one if there is none yet."""
    for payment in change.find("invoice_payment", invoice=invoice["id"]):
        return change.fetch("payment_intent", payment["payment"]["payment_intent"])
    reason = {"subscription_create": "creation", "subscription_cycle": "update"}
    return new_intent(
        change,
        amount=invoice["amount_due"],
        currency=invoice["currency"],
        customer=invoice["customer"],
        description=f"Subscription {reason.get(invoice['billing_reason'], 'update')}",
    )


def await_payment(change: Change, invoice: Document, intent: Document) -> None:
    """Tie a payment intent to the invoice that it is to pay: a try, whose end is not known yet."""
    _write_payment(change, invoice, intent, paid=False)
    tried = {"attempt_count": invoice["attempt_count"] + 1, "attempted": True}
    noted = {NOTES: invoice.get(NOTES, {}) | {"counted": True}}
    put_and_emit(change, "invoice.updated", invoice, invoice | tried | noted)


def _tried(invoice: Document) -> Document:
    """Return an invoice with one try more, unless a debit that has ended was counted already."""
    notes = dict(invoice.get(NOTES, {}))
    counted = notes.pop("counted", False)
    tried = {"attempt_count": invoice["attempt_count"] + (not counted), "attempted": True}
    return invoice | tried | {NOTES: notes}


def settle(change: Change, invoice: Document, intent: Document | None) -> Document:
    """Mark an invoice paid, by a payment intent or because nothing was due."""
    due = invoice["amount_due"]
    invoice = (invoice if intent is None else _tried(invoice)) | {
        "amount_paid": due,
        "amount_remaining": 0,
        "attempted": True,
        "auto_advance": False,
        "next_payment_attempt": None,
        "status": "paid",
        "status_transitions": invoice["status_transitions"] | {"paid_at": change.now},
    }
    change.put(invoice)
    emit(change, "invoice.paid", invoice)
    emit(change, "invoice.payment_succeeded", invoice)
    if intent is not None:
        emit(change, "invoice_payment.paid", _write_payment(change, invoice, intent, paid=True))
    return invoice


def fail(change: Change, invoice: Document, intent: Document) -> Document:
    """Note that the card did not pay; the invoice stays open and is tried again."""
    _write_payment(change, invoice, intent, paid=False)
    invoice = _tried(invoice) | {"next_payment_attempt": change.now + _RETRY_AFTER}
    emit(change, "invoice.payment_failed", change.put(invoice))
    if intent["status"] == "requires_action":
        emit(change, "invoice.payment_action_required", invoice)
    return invoice


def void(change: Change, invoice: Document) -> Document:
    """Close an invoice that nobody will pay: its payment is over, its credit goes back."""
    for payment in change.find("invoice_payment", invoice=invoice["id"]):
        over = payment["status_transitions"] | {"canceled_at": change.now}
        change.put(payment | {"status": "canceled", "status_transitions": over})
        cancel(change, change.fetch("payment_intent", payment["payment"]["payment_intent"]))
    customer = change.get("customer", invoice["customer"])
    if customer is not None and not customer.get("deleted"):
        balances.give_back(change, customer, invoice)
    transitions = invoice["status_transitions"] | {"voided_at": change.now}
    invoice = invoice | {
        "auto_advance": False,
        "next_payment_attempt": None,
        "status": "void",
        "status_transitions": transitions,
    }
    emit(change, "invoice.voided", change.put(invoice))
    return invoice


def _write_payment(change: Change, invoice: Document, intent: Document, *, paid: bool) -> Document:
    known = [
        payment
        for payment in change.find("invoice_payment", invoice=invoice["id"])
        if payment["payment"]["payment_intent"] == intent["id"]
    ]
    payment = known[0] if known else _blank_payment(change, invoice, intent)
    if paid:
        transitions = payment["status_transitions"] | {"paid_at": change.now}
        payment |= {
            "amount_paid": invoice["amount_due"],
            "status": "paid",
            "status_transitions": transitions,
        }
    return change.put(payment)


def _blank_payment(change: Change, invoice: Document, intent: Document) -> Document:
    return {
        "id": new_id("inpay"),
        "object": "invoice_payment",
        "amount_paid": None,
        "amount_requested": invoice["amount_due"],
        "created": change.now,
        "currency": invoice["currency"],
        "invoice": invoice["id"],
        "is_default": True,
        "livemode": False,
        "payment": {"payment_intent": intent["id"], "type": "payment_intent"},
        "status": "open",
        "status_transitions": {"canceled_at": None, "paid_at": None},
    }


def _blank(change: Change, customer: Document) -> Document:
    return {
        "object": "invoice",
        "account_country": "GR",
        "account_name": "New Concierge (mock)",
        "account_tax_ids": None,
        "amount_overpaid": 0,
        "amount_paid": 0,
        "amount_paid_off_stripe": 0,
        "amount_shipping": 0,
        "application": None,
        "attempt_count": 0,
        "attempted": False,
        "auto_advance": True,
        "automatic_tax": {
            "disabled_reason": None,
            "enabled": False,
            "liability": None,
            "provider": None,
            "status": None,
        },
        "automatically_finalizes_at": None,
        "collection_method": "charge_automatically",
        "created": change.now,
        "custom_fields": None,
        "customer_account": None,
        "customer_address": customer.get("address"),
        "customer_email": customer.get("email"),
        "customer_name": customer.get("name"),
        "customer_phone": customer.get("phone"),
        "customer_shipping": None,
        "customer_tax_exempt": customer.get("tax_exempt", "none"),
        "customer_tax_ids": [],
        "default_source": None,
        "default_tax_rates": [],
        "description": None,
        "discounts": [],
        "due_date": None,
        "effective_at": None,
        "footer": None,
        "from_invoice": None,
        "hosted_invoice_url": None,
        "invoice_pdf": None,
        "issuer": {"type": "self"},
        "last_finalization_error": None,
        "latest_revision": None,
        "livemode": False,
        "metadata": {},
        "next_payment_attempt": None,
        "number": None,
        "on_behalf_of": None,
        "payment_settings": {
            "default_mandate": None,
            "payment_method_options": None,
            "payment_method_types": None,
        },
        "period_end": change.now,
        "period_start": change.now,
        "post_payment_credit_notes_amount": 0,
        "pre_payment_credit_notes_amount": 0,
        "receipt_number": None,
        "rendering": None,
        "shipping_cost": None,
        "shipping_details": None,
        "statement_descriptor": None,
        "status": "draft",
        "status_transitions": {
            "finalized_at": None,
            "marked_uncollectible_at": None,
            "paid_at": None,
            "voided_at": None,
        },
        "test_clock": customer.get("test_clock"),
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": change.real,
    }
