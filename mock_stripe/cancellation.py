"""The end of a subscription."""

from __future__ import annotations

from mock_stripe import scheduled_phases
from mock_stripe.events import emit
from mock_stripe.store import Change
from mock_stripe.table import Document


def cancel_now(
    change: Change, subscription: Document, *, reason: str, details: Document | None = None
) -> Document:
    """End a subscription at once and for good."""
    ended = subscription | {
        "canceled_at": subscription["canceled_at"] or change.now,
        "cancellation_details": subscription["cancellation_details"]
        | (details or {})
        | {"reason": reason},
        "ended_at": change.now,
        "status": "canceled",
    }
    emit(change, "customer.subscription.deleted", change.put(ended))
    scheduled_phases.end_with(change, ended, delinquent=reason == "payment_failed")
    return ended
