"""Charges: refunds and disputes change the payment that they belong to; a dispute is for staff."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billing import disputes, gateway, stripe_account, stripe_sync
from billing.models import Payment
from billing.outcomes import Done, Ignored, Outcome


def refunded(rendered: dict[str, Any]) -> Outcome:
    """Mirror the payment that was given back, in whole or in part."""
    return _follow(rendered.get("id"))


def disputed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the payment, and tell staff; the object here is the dispute, which names its charge."""
    return _follow(stripe_sync.id_of(rendered.get("charge")), disputes.tell_staff)


def _follow(charge_id: object, told: Callable[[Payment], None] | None = None) -> Outcome:
    if not isinstance(charge_id, str) or not charge_id:
        return Ignored(reason="The event names no charge.")
    charge = gateway.charge(charge_id)
    if charge is None:
        stripe_account.confirm_gone(f"charge {charge_id}")
    payment_intent_id = stripe_sync.id_of((charge or {}).get("payment_intent"))
    if not payment_intent_id:
        return Ignored(reason="The charge belongs to no payment intent.")
    mirrored = stripe_sync.sync_payment(payment_intent_id=payment_intent_id)
    if mirrored is None:
        return Ignored(reason="Stripe knows no such payment intent.")
    if told is not None:
        told(mirrored)
    return Done(tenant=mirrored.tenant)
