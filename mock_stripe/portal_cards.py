"""Another card by the billing portal: the one that charges from then on."""

from __future__ import annotations

from mock_stripe.customers import new_card
from mock_stripe.events import emit, put_and_emit
from mock_stripe.store import Change
from mock_stripe.table import Document
from mock_stripe.transitions import UPDATED


def use_another(change: Change, customer: Document) -> None:
    """Give a customer a good card, which is charged for all that they subscribe to."""
    card = new_card(change, customer=customer["id"], email=customer["email"])
    emit(change, "payment_method.attached", change.put(card))
    kept = customer["invoice_settings"] | {"default_payment_method": card["id"]}
    put_and_emit(change, "customer.updated", customer, customer | {"invoice_settings": kept})
    for subscription in change.find("subscription", customer=customer["id"]):
        if subscription["ended_at"] is None:
            after = subscription | {"default_payment_method": card["id"]}
            put_and_emit(change, UPDATED, subscription, after)
