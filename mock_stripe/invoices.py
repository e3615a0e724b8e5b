"""Invoices through their life: draft, open, paid; or refused by the card and tried again."""

from __future__ import annotations

from mock_stripe.calls import list_object
from mock_stripe.events import emit
from mock_stripe.ids import new_id
from mock_stripe.payments import new_intent
from mock_stripe.store import Change
from mock_stripe.table import Document

_RETRY_AFTER = 3 * 86_400


def build(
    change: Change, subscription: Document, lines: list[Document], *, reason: str, invoice_id: str
) -> Document:
    """Return a draft invoice that is not written; a customer's credit is already used on it."""
    customer = change.get("customer", subscription["customer"]) or {}
    total = sum(line["amount"] for line in lines)
    balance = int(customer.get("balance", 0))
    due = max(0, total + balance)
    url = f"/v1/invoices/{invoice_id}/lines"
    dated = [line | {"invoice": invoice_id} for line in lines]
    return _blank(change, customer) | {
        "id": invoice_id,
        "amount_due": due,
        "amount_remaining": due,
        "billing_reason": reason,
        "currency": subscription["currency"],
        "customer": subscription["customer"],
        "default_payment_method": None,
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
        "subtotal": total,
        "subtotal_excluding_tax": total,
        "total": total,
        "total_excluding_tax": total,
    }


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
        change.put(
            customer | {"next_invoice_sequence": sequence + 1, "balance": invoice["ending_balance"]}
        )
    invoice = invoice | {
        "effective_at": change.now,
        "hosted_invoice_url": f"{change.public_url}/invoice/{invoice['id']}",
        "invoice_pdf": f"{change.public_url}/invoice/{invoice['id']}/pdf",
        "number": f"{customer.get('invoice_prefix', 'DELETED')}-{sequence:04d}",
        "status": "open",
        "status_transitions": invoice["status_transitions"] | {"finalized_at": change.now},
    }
    emit(change, "invoice.finalized", change.put(invoice))
    return invoice


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
    """Tie a payment intent to the invoice that it is to pay."""
    _write_payment(change, invoice, intent, paid=False)


def settle(change: Change, invoice: Document, intent: Document | None) -> Document:
    """Mark an invoice paid, by a payment intent or because nothing was due."""
    due = invoice["amount_due"]
    invoice = invoice | {
        "amount_paid": due,
        "amount_remaining": 0,
        "attempt_count": invoice["attempt_count"] + (intent is not None),
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
    invoice = invoice | {
        "attempt_count": invoice["attempt_count"] + 1,
        "attempted": True,
        "next_payment_attempt": change.now + _RETRY_AFTER,
    }
    emit(change, "invoice.payment_failed", change.put(invoice))
    if intent["status"] == "requires_action":
        emit(change, "invoice.payment_action_required", invoice)
    return invoice


def void(change: Change, invoice: Document) -> Document:
    """Close an invoice that nobody will pay."""
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
        "test_clock": None,
        "total_discount_amounts": [],
        "total_pretax_credit_amounts": [],
        "total_taxes": [],
        "webhooks_delivered_at": change.now,
    }
