"""What a subscription at Stripe means for the sign-up that it pays for, whichever event comes first."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from billing import access, checkout, delayed_payments, gateway, outside_purchases, stripe_sync
from billing.delayed_payments import Standing
from billing.models import Subscription
from billing.outcomes import Done, Outcome
from public_apps.core.sweeps import Sweep
from public_apps.onboarding.models import Signup


def follow(subscription: Subscription) -> None:
    """Settle the sign-up of a subscription that no workspace has yet; where there is none, tell staff.

    This is how money is found that comes for a payment which had failed: its session stays as it was.
    """
    outside_purchases.review(subscription)
    if subscription.tenant_id is not None:
        return
    signup = Signup.objects.filter(subscription_id=subscription.pk, paid_at__isnull=True).first()
    if signup is not None and signup.checkout_session_id:
        checkout.settle_session(session_id=signup.checkout_session_id)


def of_session(session: dict[str, Any]) -> Outcome | None:
    """Follow a session that none of our sign-ups opened; None if nothing of ours was bought there."""
    subscription_id = stripe_sync.id_of(session.get("subscription"))
    if not subscription_id:
        return None
    mirrored = access.sync_subscription(subscription_id=subscription_id)
    if mirrored is None:
        return None
    follow(mirrored)
    return Done() if outside_purchases.is_waiting(subscription_id) else None


def give_up(signup: Signup) -> None:
    """End at Stripe what nobody has paid, unless its money has come or is on its way."""
    session_id = str(signup.checkout_session_id)
    checkout.settle_session(session_id=session_id)
    signup.refresh_from_db()
    if signup.paid_at or signup.refunded_at:
        return
    session = gateway.checkout_session(session_id)
    if delayed_payments.standing_of(session) is Standing.FAILED:
        delayed_payments.end_at_stripe(signup)


NEVER_PAID: Sweep[Signup] = Sweep(
    name="never_paid",
    rows=delayed_payments.never_paid,
    work=give_up,
    named=lambda signup: f"sign-up {signup.pk}",
    order=("failed_at",),
    most=100,
    longest=timedelta(hours=6),
    atomic=False,
)
