"""Customers: one that is deleted at Stripe takes its subscriptions along."""

from __future__ import annotations

from typing import Any

from billing import access, stripe_sync
from billing.models import Subscription
from billing.outcomes import Done, Ignored, Outcome


def changed(rendered: dict[str, Any]) -> Outcome:
    """Note the customer's balance: what is below nothing is credit."""
    customer_id = rendered.get("id")
    if not isinstance(customer_id, str):
        return Ignored(reason="The customer has no id.")
    customer = stripe_sync.sync_customer(customer_id=customer_id)
    if customer is None:
        return Ignored(reason="The customer is not one of ours.")
    return Done(tenant=customer.tenant)


def deleted(rendered: dict[str, Any]) -> Outcome:
    """Note that the customer is gone, and look at its subscriptions: Stripe has ended them."""
    customer_id = rendered.get("id")
    if not isinstance(customer_id, str):
        return Ignored(reason="The customer has no id.")
    customer = stripe_sync.sync_customer(customer_id=customer_id)
    for subscription in Subscription.objects.filter(customer_id=customer_id, ended_at=None):
        access.sync_subscription(subscription_id=subscription.pk)
    if customer is None:
        return Ignored(reason="The customer is not one of ours.")
    return Done(tenant=customer.tenant)
