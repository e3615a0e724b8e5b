"""Who gets in: one pure function from subscriptions and the clock to access.

Stripe's statuses: https://docs.stripe.com/billing/subscriptions/overview#subscription-statuses
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

OPEN_STATUSES = frozenset({"trialing", "active"})
ENDED_STATUSES = frozenset({"canceled", "incomplete_expired"})  # for good, at Stripe
CLOSED_STATUSES = frozenset({"unpaid", "paused"}) | ENDED_STATUSES
CHARGING_STATUSES = OPEN_STATUSES | {"past_due"}


class Access(StrEnum):
    """What a subscription is good for."""

    OPEN = "open"
    SUSPENDED = "suspended"
    NOT_YET = "not_yet"  # the first payment is still under way: nothing changes by it
    UNKNOWN = "unknown"  # a status that we don't know: the last access is kept, staff are told


@dataclass(frozen=True, kw_only=True)
class SubscriptionState:
    """What the policy needs to know of one subscription."""

    status: str
    past_due_since: datetime | None = None
    gone: bool = False  # deleted at Stripe


@dataclass(frozen=True, kw_only=True)
class AccessDecision:
    """Access, why, whether to warn, and when the clock alone may change it."""

    access: Access
    reason: str
    warn: bool = False
    review_at: datetime | None = None


def evaluate(state: SubscriptionState, *, now: datetime, grace: timedelta) -> AccessDecision:
    """Judge one subscription.

    A cancellation at period end and `pause_collection` leave the status, and so the access, as
    they are: Stripe itself changes the status when the time comes.
    """
    if state.gone:
        return AccessDecision(access=Access.SUSPENDED, reason="The subscription no longer exists.")
    if state.status in OPEN_STATUSES:
        return AccessDecision(access=Access.OPEN, reason=f"The subscription is {state.status}.")
    if state.status == "past_due":
        return _past_due(state.past_due_since or now, now=now, grace=grace)
    if state.status in CLOSED_STATUSES:
        return AccessDecision(
            access=Access.SUSPENDED, reason=f"The subscription is {state.status}."
        )
    if state.status == "incomplete":
        return AccessDecision(access=Access.NOT_YET, reason="The first payment is not complete.")
    return AccessDecision(
        access=Access.UNKNOWN, reason=f"Stripe says {state.status!r}, unknown to us."
    )


def _past_due(since: datetime, *, now: datetime, grace: timedelta) -> AccessDecision:
    ends = since + grace
    if now < ends:
        reason = "A payment is overdue; the grace period runs."
        return AccessDecision(access=Access.OPEN, reason=reason, warn=True, review_at=ends)
    return AccessDecision(
        access=Access.SUSPENDED, reason="A payment is overdue beyond the grace period."
    )


def paid_by_hand(paid_until: datetime | None, *, now: datetime) -> AccessDecision:
    """Judge what staff have recorded: open until the day that was paid for."""
    if paid_until is not None and now < paid_until:
        return AccessDecision(access=Access.OPEN, reason="Paid by hand.", review_at=paid_until)
    return AccessDecision(access=Access.SUSPENDED, reason="The time that was paid by hand is over.")


def combined(decisions: Iterable[AccessDecision]) -> AccessDecision | None:
    """Judge a tenant by all that it has: the best counts, the calmest of equals; None for nothing.

    A second subscription, open, keeps a workspace open whose first was cancelled.
    """
    return min(decisions, key=lambda each: (_RANK[each.access], each.warn), default=None)


# An unknown status outranks a closed one: what we don't understand must not lock anyone out.
_RANK = {Access.OPEN: 0, Access.UNKNOWN: 1, Access.NOT_YET: 2, Access.SUSPENDED: 3}
