"""Subscriptions: mirrored, and what follows for access."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from billing import access, mails, purchases
from billing.models import Subscription
from billing.outcomes import Done, Ignored, Outcome


def changed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the subscription as it is now."""
    return _follow(rendered)


def trial_will_end(rendered: dict[str, Any]) -> Outcome:
    """Tell the owners, too, what the trial's end brings."""
    return _follow(rendered, mails.enqueue_trial_ending)


def schedule_changed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the subscription that a schedule manages, or did until it let go of it."""
    managed = rendered.get("subscription") or rendered.get("released_subscription")
    if not managed:
        return Ignored(reason="The schedule has no subscription.")
    return _follow(managed if isinstance(managed, dict) else {"id": managed})


def _follow(
    rendered: dict[str, Any], promise: Callable[[Subscription], None] | None = None
) -> Outcome:
    subscription_id = rendered.get("id")
    if not isinstance(subscription_id, str):
        return Ignored(reason="The subscription has no id.")
    mirrored = access.sync_subscription(subscription_id=subscription_id)
    if mirrored is None:
        return Ignored(reason="Stripe knows no such subscription.")
    purchases.follow(mirrored)
    mirrored.refresh_from_db(fields=["tenant"])
    if promise is not None:
        promise(mirrored)
    return Done(tenant=mirrored.tenant)
