"""Subscriptions: mirrored, and what follows for access."""

from __future__ import annotations

from typing import Any

from billing import access, mails
from billing.inbox import Done, Ignored, Outcome
from billing.models import Subscription


def changed(rendered: dict[str, Any]) -> Outcome:
    """Mirror the subscription as it is now."""
    return _outcome(_mirrored(rendered))


def trial_will_end(rendered: dict[str, Any]) -> Outcome:
    """Tell the owners, too, what the trial's end brings."""
    mirrored = _mirrored(rendered)
    if mirrored is not None:
        mails.promise_trial_ending(mirrored)
    return _outcome(mirrored)


def _mirrored(rendered: dict[str, Any]) -> Subscription | None:
    subscription_id = rendered.get("id")
    if not isinstance(subscription_id, str):
        return None
    return access.follow_subscription(subscription_id=subscription_id)


def _outcome(mirrored: Subscription | None) -> Outcome:
    if mirrored is None:
        return Ignored(reason="Stripe knows no such subscription.")
    return Done(tenant=mirrored.tenant)
