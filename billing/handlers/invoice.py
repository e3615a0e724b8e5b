"""Invoices: mirrored, and the subscription that they are for is looked at again."""

from __future__ import annotations

from typing import Any

from billing import access, mirror
from billing.inbox import Done, Ignored, Outcome


def changed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the invoice as it is now, and let access follow its subscription."""
    invoice_id = rendered.get("id")
    if not isinstance(invoice_id, str):
        return Ignored(reason="The invoice has no id.")
    mirrored = mirror.sync_invoice(invoice_id=invoice_id)
    if mirrored is None:
        return Ignored(reason="Stripe knows no such invoice.")
    if mirrored.subscription_id:
        access.follow_subscription(subscription_id=mirrored.subscription_id)
    return Done(tenant=mirrored.tenant)
