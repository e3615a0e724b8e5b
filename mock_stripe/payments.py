"""Payments: payment intents, the charges that carry them out, and what they pay for."""

from __future__ import annotations

from mock_stripe.calls import Route, listing, retrieve
from mock_stripe.customers import card_details
from mock_stripe.errors import card_declined
from mock_stripe.events import emit
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document


def new_intent(
    change: Change, *, amount: int, currency: str, customer: str | None, description: str
) -> Document:
    """Write a payment intent that waits for its payment, and tell of it."""
    intent_id = new_id("pi")
    intent = {
        "id": intent_id,
        "object": "payment_intent",
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "application": None,
        "application_fee_amount": None,
        "automatic_payment_methods": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "capture_method": "automatic",
        "client_secret": f"{intent_id}_secret_{new_id('req')[4:]}",
        "confirmation_method": "automatic",
        "created": change.real,
        "currency": currency,
        "customer": customer,
        "customer_account": None,
        "description": description,
        "last_payment_error": None,
        "latest_charge": None,
        "livemode": False,
        "metadata": {},
        "next_action": None,
        "on_behalf_of": None,
        "payment_details": None,
        "payment_method": None,
        "payment_method_configuration_details": None,
        "payment_method_options": {"card": {"request_three_d_secure": "automatic"}},
        "payment_method_types": ["card"],
        "processing": None,
        "receipt_email": None,
        "review": None,
        "setup_future_usage": "off_session",
        "shipping": None,
        "source": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": "requires_payment_method",
        "transfer_data": None,
        "transfer_group": None,
    }
    emit(change, "payment_intent.created", change.put(intent))
    return intent


def succeed(change: Change, intent: Document, *, card: str | None) -> Document:
    """Charge the card: the payment intent has succeeded."""
    charge = change.put(_charge(change, intent, card) | {"status": "succeeded"})
    emit(change, "charge.succeeded", charge)
    intent = intent | {
        "amount_received": intent["amount"],
        "last_payment_error": None,
        "latest_charge": charge["id"],
        "next_action": None,
        "payment_method": card,
        "status": "succeeded",
    }
    emit(change, "payment_intent.succeeded", change.put(intent))
    return intent


def decline(change: Change, intent: Document, *, card: str | None) -> Document:
    """Try the card in vain: the payment intent asks for another."""
    error = card_declined().error
    charge = _charge(change, intent, card) | {
        "amount_captured": 0,
        "captured": False,
        "failure_code": error["code"],
        "failure_message": error["message"],
        "outcome": {
            "advice_code": "try_again_later",
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "declined_by_network",
            "reason": error["decline_code"],
            "risk_level": "normal",
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        },
        "paid": False,
        "status": "failed",
    }
    emit(change, "charge.failed", change.put(charge))
    intent = intent | {
        "last_payment_error": error | {"charge": charge["id"]},
        "latest_charge": charge["id"],
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    emit(change, "payment_intent.payment_failed", change.put(intent))
    return intent


def ask_bank(change: Change, intent: Document, *, card: str | None) -> Document:
    """Try a card whose bank wants its owner to confirm: the payment intent waits for that."""
    redirect = {"return_url": None, "url": "https://hooks.stripe.com/3d_secure_2/mock"}
    intent = intent | {
        "next_action": {"redirect_to_url": redirect, "type": "redirect_to_url"},
        "payment_method": card,
        "status": "requires_action",
    }
    emit(change, "payment_intent.requires_action", change.put(intent))
    return intent


def cancel(change: Change, intent: Document) -> Document:
    """Give up a payment whose invoice was voided; one that has ended stays as it is."""
    if intent["status"] in {"succeeded", "canceled"}:
        return intent
    intent = intent | {
        "canceled_at": change.real,
        "cancellation_reason": "void_invoice",
        "next_action": None,
        "status": "canceled",
    }
    emit(change, "payment_intent.canceled", change.put(intent))
    return intent


def refuse_confirmation(change: Change, intent: Document) -> Document:
    """Let whom the bank asked say no: the payment intent asks for another card."""
    error = {
        "code": "payment_intent_authentication_failure",
        "message": "The provided PaymentMethod has failed authentication. You can provide "
        "payment_method_data or a new PaymentMethod to attempt to fulfill this PaymentIntent again.",
        "type": "invalid_request_error",
    }
    intent = intent | {
        "last_payment_error": error,
        "next_action": None,
        "payment_method": None,
        "status": "requires_payment_method",
    }
    emit(change, "payment_intent.payment_failed", change.put(intent))
    return intent


def start_processing(change: Change, intent: Document, *, card: str | None) -> Document:
    """Begin a payment of the slow kinds, such as SEPA debits: it will be known in days."""
    intent = intent | {"payment_method": card, "status": "processing"}
    emit(change, "payment_intent.processing", change.put(intent))
    return intent


def _charge(change: Change, intent: Document, card: str | None) -> Document:
    method = change.get("payment_method", card) or {}
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": intent["amount"],
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": new_id("txn"),
        "billing_details": method.get("billing_details", {}),
        "calculated_statement_descriptor": "NEW CONCIERGE",
        "captured": True,
        "created": change.real,
        "currency": intent["currency"],
        "customer": intent["customer"],
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": intent["metadata"],
        "on_behalf_of": None,
        "outcome": {
            "advice_code": None,
            "network_advice_code": None,
            "network_decline_code": None,
            "network_status": "approved_by_network",
            "reason": None,
            "risk_level": "normal",
            "risk_score": 12,
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": True,
        "payment_intent": intent["id"],
        "payment_method": card,
        "payment_method_details": {"card": _charged(method), "type": "card"},
        "radar_options": {},
        "receipt_email": None,
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "transfer_data": None,
        "transfer_group": None,
    }


def _charged(method: Document) -> Document:
    """Return what a charge keeps of its card: less than the card is, and how it was charged."""
    card = method.get("card") or card_details()
    kept = ("brand", "checks", "country", "exp_month", "exp_year", "fingerprint", "funding",
            "last4", "regulated_status", "wallet")  # fmt: skip
    return {name: card[name] for name in kept} | {
        "authorization_code": None,
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "three_d_secure": None,
    }


ROUTES: list[Route] = [
    ("GET", "/v1/payment_intents", listing("payment_intent", "customer")),
    ("GET", "/v1/payment_intents/<id>", retrieve("payment_intent")),
    ("GET", "/v1/charges", listing("charge", "customer", "payment_intent")),
    ("GET", "/v1/charges/<id>", retrieve("charge")),
]
