"""From mirrored subscriptions to the tenant's access: judged under the tenant's lock, one at a time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import structlog
from django.db import transaction

from billing import access_policy, grace, mails, stripe_sync, trials
from billing.access_policy import Access, AccessDecision, SubscriptionState
from billing.models import ManualPayment, Subscription
from public_apps.core import clock
from public_apps.core.sweeps import Sweep
from public_apps.tenants import suspension
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
BY_CLOCK = "the clock"


def sync_subscription(*, subscription_id: str) -> Subscription | None:
    """Mirror a subscription and let its tenant's access follow; None if Stripe never showed it."""
    subscription = stripe_sync.sync_subscription(subscription_id=subscription_id)
    if subscription is not None:
        apply_subscription(subscription, cause=subscription_id)
    return subscription


def apply_subscription(subscription: Subscription, *, cause: str) -> None:
    """Draw what follows from a mirrored subscription: its tenant's access, and mails to owners."""
    if subscription.tenant_id is not None:
        review(tenant_id=subscription.tenant_id, cause=cause)
        trials.note(subscription)
        mails.enqueue_about(subscription)


@transaction.atomic
def review(*, tenant_id: int, cause: str, now: datetime | None = None) -> bool:
    """Judge a tenant's access anew; return whether it changed.

    Call it after the mirrors have committed: whoever holds the lock last has seen them all.
    """
    now = now or clock.now()
    tenant = suspension.lock(tenant_id)
    judged = _judge(tenant, now=now)
    if judged is None or tenant.archived_at:
        return False
    if judged.access is Access.UNKNOWN:
        log.error("unknown subscription status", schema=tenant.schema_name, reason=judged.reason)
    suspended = _suspended(tenant, judged)
    return suspension.set_access(
        tenant,
        suspended=suspended,
        reason=judged.reason,
        cause=cause,
        review_at=judged.review_at,
    )


def review_due(*, now: datetime | None = None) -> int:
    """Judge tenants whose access the clock may have changed, a batch of them; return how many."""
    if now is None:
        return REVIEWS.run()
    by_then = replace(REVIEWS, rows=lambda: suspension.due_for_review(now=now))
    return by_then.of(lambda tenant: review(tenant_id=tenant.pk, cause=BY_CLOCK, now=now)).run()


REVIEWS: Sweep[Tenant] = Sweep(
    name="review_access",
    rows=suspension.due_for_review,
    work=lambda tenant: review(tenant_id=tenant.pk, cause=BY_CLOCK),
    named=lambda tenant: f"{tenant.schema_name} ({tenant.name})",
    order=("access_review_at",),
    most=500,
    longest=timedelta(minutes=5),
)


def access_mismatch(tenant: Tenant, *, now: datetime | None = None) -> AccessDecision | None:
    """Return what a tenant's access should be by what we know, if that is not what it is."""
    judged = _judge(tenant, now=now or clock.now())
    if judged is None or tenant.archived_at or tenant.held_at:
        return None
    return None if _suspended(tenant, judged) == (tenant.suspended_at is not None) else judged


def resume(*, tenant: Tenant, by: str) -> None:
    """Take staff's hold back, and let the subscription decide; without one, let people in."""
    suspension.release_hold(tenant=tenant, by=by)
    with transaction.atomic():
        locked = suspension.lock(tenant.pk)
        judged = _judge(locked, now=clock.now())
        if judged is None:
            suspension.set_access(locked, suspended=False, reason="Let in by staff.", cause=by)
            return
    review(tenant_id=tenant.pk, cause=by)


def _judge(tenant: Tenant, *, now: datetime) -> AccessDecision | None:
    mirrored = Subscription.objects.filter(tenant=tenant, synced_at__isnull=False)
    decisions = [
        access_policy.evaluate(_state_of(each), now=now, grace=grace.of(each)) for each in mirrored
    ]
    # A corrected payment counts no more; its correction does, and may pay for nothing.
    payments = ManualPayment.objects.filter(tenant=tenant, corrected_by__isnull=True)
    decisions += [access_policy.paid_by_hand(each.paid_until, now=now) for each in payments]
    return access_policy.combined(decisions)


def _state_of(subscription: Subscription) -> SubscriptionState:
    return SubscriptionState(
        status=subscription.status,
        past_due_since=subscription.past_due_since,
        gone=subscription.gone_at is not None,
    )


def _suspended(tenant: Tenant, judged: AccessDecision) -> bool:
    if judged.access in {Access.OPEN, Access.SUSPENDED}:
        return judged.access is Access.SUSPENDED
    return tenant.suspended_at is not None
