"""Charges: refunds and disputes change the payment that they belong to; a dispute is for staff."""

from __future__ import annotations

from typing import Any

import structlog

from billing import gateway, mirror
from billing.inbox import Done, Ignored, Outcome

log = structlog.get_logger(__name__)


def refunded(rendered: dict[str, Any]) -> Outcome:
    """Mirror the payment that was given back, in whole or in part."""
    return _follow(rendered.get("id"))


def disputed(rendered: dict[str, Any]) -> Outcome:
    """Tell staff, and mirror the payment; the object here is the dispute, which names its charge."""
    charge_id = mirror.id_of(rendered.get("charge"))
    log.error("payment disputed", dispute=rendered.get("id"), charge=charge_id)
    return _follow(charge_id)


def _follow(charge_id: object) -> Outcome:
    if not isinstance(charge_id, str) or not charge_id:
        return Ignored(reason="The event names no charge.")
    charge = gateway.charge(charge_id)
    payment_intent_id = mirror.id_of((charge or {}).get("payment_intent"))
    if not payment_intent_id:
        return Ignored(reason="The charge belongs to no payment intent.")
    mirrored = mirror.sync_payment(payment_intent_id=payment_intent_id)
    return Done(tenant=mirrored.tenant if mirrored else None)
