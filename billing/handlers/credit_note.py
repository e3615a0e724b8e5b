"""Credit notes: mirrored, with the invoice that they lessen."""

from __future__ import annotations

from typing import Any

from billing import stripe_sync
from billing.outcomes import Done, Ignored, Outcome


def changed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the credit note as it is now, and its invoice before it: that says who the buyer is."""
    credit_note_id = rendered.get("id")
    if not isinstance(credit_note_id, str):
        return Ignored(reason="The credit note has no id.")
    if invoice_id := stripe_sync.id_of(rendered.get("invoice")):
        stripe_sync.sync_invoice(invoice_id=invoice_id)
    mirrored = stripe_sync.sync_credit_note(credit_note_id=credit_note_id)
    if mirrored is None:
        return Ignored(reason="Stripe knows no such credit note.")
    return Done(tenant=mirrored.tenant)
