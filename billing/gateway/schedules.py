"""Subscription schedules: changes of a subscription that Stripe makes when a period ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from billing.gateway.client import Document, call_api


def create_schedule(subscription_id: str, *, idempotency_key: str) -> Document:
    """Attach a schedule to a subscription, with what it is now as the only phase, and return it.

    Raises `StripeRefused` if there is one already. Nothing else can be said in that call.
    """
    params: Any = {"from_subscription": subscription_id}
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.subscription_schedules.create(params, options))


def update_schedule(
    schedule_id: str, *, change: Mapping[str, Any], idempotency_key: str
) -> Document:
    """Write phases, from the current one on, and return the schedule."""
    params: Any = dict(change)
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(
        lambda client: client.v1.subscription_schedules.update(schedule_id, params, options)
    )


def release_schedule(schedule_id: str, *, idempotency_key: str) -> Document:
    """Let a schedule's subscription go on by itself, as it is; raise `StripeRefused` if it does."""
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(
        lambda client: client.v1.subscription_schedules.release(schedule_id, {}, options)
    )
