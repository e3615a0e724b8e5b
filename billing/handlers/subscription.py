"""Subscriptions: mirrored, and what follows for access."""

from __future__ import annotations

from typing import Any

from billing import access
from billing.inbox import Done, Ignored, Outcome


def changed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the subscription as it is now."""
    subscription_id = rendered.get("id")
    if not isinstance(subscription_id, str):
        return Ignored(reason="The subscription has no id.")
    mirrored = access.follow_subscription(subscription_id=subscription_id)
    if mirrored is None:
        return Ignored(reason="Stripe knows no such subscription.")
    return Done(tenant=mirrored.tenant)
