"""A paused subscription goes on once its invoice is paid; and banks that ask before they pay one."""

from __future__ import annotations

from mock_stripe import invoices, payments, pending_updates, transitions
from mock_stripe.errors import ApiError
from mock_stripe.events import put_and_emit
from mock_stripe.lines import regular
from mock_stripe.store import Change
from mock_stripe.subscribing import restarted
from mock_stripe.table import Document

# How long the invoice of a resumption waits. The usual one tries no card, the other does.
USUAL, TRYING = "resume_on_payment_attempt", "resume_on_payment_success"
_WAITS = {USUAL: 23 * 3600, TRYING: 365 * 86_400}
BEHAVIOURS = tuple(_WAITS)


def resume(change: Change, before: Document, *, behaviour: str) -> Document:
    """Let a paused subscription go on from today, once the invoice of the new period is paid.

    https://docs.stripe.com/billing/subscriptions/pause tells the two behaviours apart.
    """
    before = pending_updates.drop(change, before)
    tries = behaviour == TRYING
    if tries and transitions.without_card(change, before):
        raise ApiError(
            400,
            "This customer has no attached payment source or default payment method.",
            code="resource_missing",
        )
    after = restarted(before, change.now) | {"status": "active"}
    lines = regular(change, after)
    after = transitions.billed(change, after, lines, reason="subscription_cycle", tries=tries)
    until = change.now + _WAITS[behaviour]
    waits = pending_updates.hold(change, before, after, until=until)
    if change.fetch("invoice", after["latest_invoice"])["status"] == "paid":
        return pending_updates.apply(change, waits)
    return put_and_emit(change, transitions.UPDATED, before, waits)


def is_asked(change: Change, invoice: Document) -> bool:
    """Say whether the bank of the card that an open invoice was charged to waits for its owner."""
    if invoice["status"] != "open" or not invoice["attempted"]:
        return False
    return bool(invoices.intent_for(change, invoice)["status"] == "requires_action")


def turn_down(change: Change, invoice: Document) -> Document:
    """Let who pays an open invoice not confirm it to the bank, or try a card that is declined."""
    if not is_asked(change, invoice):
        return transitions.refuse_invoice(change, invoice, card=None)
    intent = payments.refuse_confirmation(change, invoices.intent_for(change, invoice))
    return invoices.fail(change, invoice, intent)
