"""Invoices: mirrored, and the subscription that they are for is looked at again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billing import access, mails, money_alerts, purchases, stripe_sync
from billing.models import Invoice
from billing.outcomes import Done, Ignored, Outcome


def changed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the invoice as it is now, and let access follow its subscription."""
    return _follow(rendered)


def payment_failed(rendered: dict[str, Any]) -> Outcome:
    """Tell the owners, too, how to settle it."""
    return _follow(rendered, mails.enqueue_payment_failed)


def action_required(rendered: dict[str, Any]) -> Outcome:
    """Tell the owners, too, that their bank waits for them."""
    return _follow(rendered, mails.enqueue_action_required)


def overdue(rendered: dict[str, Any]) -> Outcome:
    """Tell the owners, too, that the day has passed by which an invoice was to be paid."""
    return _follow(rendered, mails.enqueue_payment_overdue)


def stuck(rendered: dict[str, Any]) -> Outcome:
    """Tell staff of an invoice that Stripe can't finish: nobody is charged until they see to it."""
    return _follow(rendered, money_alerts.about_invoice)


def _follow(rendered: dict[str, Any], promise: Callable[[Invoice], None] | None = None) -> Outcome:
    invoice_id = rendered.get("id")
    if not isinstance(invoice_id, str):
        return Ignored(reason="The invoice has no id.")
    mirrored = stripe_sync.sync_invoice(invoice_id=invoice_id)
    if mirrored is None:
        return Ignored(reason="Stripe knows no such invoice.")
    if mirrored.subscription_id:
        subscription = access.sync_subscription(subscription_id=mirrored.subscription_id)
        if subscription is not None:
            purchases.follow(subscription)
            mirrored.refresh_from_db(fields=["tenant"])
    if promise is not None:
        promise(mirrored)
    money_alerts.end_of_invoice(mirrored)
    return Done(tenant=mirrored.tenant)
