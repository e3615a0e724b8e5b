"""What of billing grows without end: events that are done with, and sign-ups that nobody paid."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

from billing.models import EventStatus, StripeEvent
from public_apps.core import clearing, clock
from public_apps.onboarding.models import Signup

DONE_WITH = (EventStatus.PROCESSED, EventStatus.IGNORED)


def forget_events() -> int:
    """Forget events that were handled or ignored long ago; return how many it was.

    Failed and parked ones wait for staff. What is forgotten Stripe no longer lists, nor sends again
    (30 days: https://docs.stripe.com/webhooks/process-undelivered-events), so none comes twice.
    """
    limit = clock.now() - timedelta(days=settings.EVENT_KEEP_DAYS)
    return clearing.delete(
        StripeEvent.objects.filter(
            status__in=DONE_WITH, received_at__lt=limit, processed_at__lt=limit
        )
    )


def forget_signups() -> int:
    """Forget sign-ups of long ago that nobody paid and that hold no name; return how many it was."""
    limit = clock.now() - timedelta(days=settings.SIGNUP_KEEP_DAYS)
    return clearing.delete(
        Signup.objects.filter(
            created_at__lt=limit,
            released_at__lt=limit,
            paid_at=None,
            pending_at=None,
            tenant=None,
            subscription_id=None,
            lead=None,
        )
    )
