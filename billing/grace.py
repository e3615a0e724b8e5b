"""How long a workspace stays open while a payment is overdue: the one place that says so."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.conf import settings

from billing.models import Subscription


def of(subscription: Subscription) -> timedelta:
    """Return the time that a subscription's customer has to pay in."""
    return timedelta(days=settings.PAST_DUE_GRACE_DAYS)


def ends_at(subscription: Subscription) -> datetime | None:
    """Return when that time is over; None while nothing is overdue."""
    since = subscription.past_due_since
    return None if since is None else since + of(subscription)
