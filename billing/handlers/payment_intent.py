"""Payment intents: recorded as payments."""

from __future__ import annotations

from typing import Any

from billing import stripe_sync
from billing.outcomes import Done, Ignored, Outcome


def changed(rendered: dict[str, Any]) -> Outcome:
    """Record the payment as it is now."""
    payment_intent_id = rendered.get("id")
    if not isinstance(payment_intent_id, str):
        return Ignored(reason="The payment intent has no id.")
    mirrored = stripe_sync.sync_payment(payment_intent_id=payment_intent_id)
    if mirrored is None:
        return Ignored(reason="Stripe knows no such payment intent.")
    return Done(tenant=mirrored.tenant)
