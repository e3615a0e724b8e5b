"""Charges: refunds and disputes change the payment that they belong to; a dispute is for staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billing import disputes, gateway, money_alerts, stripe_account, stripe_sync
from billing.models import Payment
from billing.outcomes import Done, Ignored, Outcome


def refunded(rendered: dict[str, Any]) -> Outcome:
    """Mirror the payment that was given back, in whole or in part."""
    return _follow(rendered.get("id"))


def refund_changed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the payment of a refund that came later than it was made."""
    return _follow(stripe_sync.id_of(rendered.get("charge")))


def disputed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the payment, and tell staff; the object here is the dispute, which names its charge."""
    return _follow(stripe_sync.id_of(rendered.get("charge")), disputes.tell_staff)


def refund_failed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the payment, whose money is with us again, and tell staff: it is owed to a customer."""
    refund_id = stripe_sync.id_of(rendered)
    if not refund_id:
        return Ignored(reason="The event names no refund.")
    refund = stripe_account.found(lambda: gateway.refund(refund_id), f"refund {refund_id}")
    if refund is None:
        return Ignored(reason="Stripe knows no such refund.")
    if refund.get("status") != "failed":
        return Ignored(reason="The refund has not failed.")
    return _follow(
        stripe_sync.id_of(refund.get("charge")),
        lambda payment: money_alerts.about_refund(payment, refund),
    )


def fraud_warned(rendered: dict[str, Any]) -> Outcome:
    """Mirror the payment, and tell staff that its bank takes it for fraud: a dispute may follow."""
    return _follow(stripe_sync.id_of(rendered.get("charge")), money_alerts.about_fraud)


def _follow(charge_id: object, told: Callable[[Payment], None] | None = None) -> Outcome:
    if not isinstance(charge_id, str) or not charge_id:
        return Ignored(reason="The event names no charge.")
    charge = stripe_account.found(lambda: gateway.charge(charge_id), f"charge {charge_id}")
    payment_intent_id = stripe_sync.id_of((charge or {}).get("payment_intent"))
    if not payment_intent_id:
        return Ignored(reason="The charge belongs to no payment intent.")
    mirrored = stripe_sync.sync_payment(payment_intent_id=payment_intent_id)
    if mirrored is None:
        return Ignored(reason="Stripe knows no such payment intent.")
    if told is not None:
        told(mirrored)
    return Done(tenant=mirrored.tenant)
