"""Free trials: one for each customer, and what a change of plan does to one that runs.

A customer is known by the address of whoever signs up: however it is spelled, and without what stands
after a `+`. Of a trial that was had, a keyed digest stays, also when its workspace is erased.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.crypto import salted_hmac

from billing.models import Plan, Subscription, TrialTaken
from billing.words import Situation
from public_apps.core import clock, email_addresses
from public_apps.onboarding.models import Signup

# Nothing is owed when nobody left a card: the trial is over, and beginning again asks for one.
AT_END_WITHOUT_CARD = {"end_behavior": {"missing_payment_method": "cancel"}}


@dataclass(frozen=True, kw_only=True)
class TrialEffect:
    """What a change of plan does to a trial, and when that then ends: None is at once."""

    situation: Situation
    ends_at: datetime | None


def days_for(plan: Plan, *, email: str) -> int:
    """Return how many days of trial somebody gets on a plan: none if they have had one."""
    return 0 if plan.trial_days == 0 or was_taken(email) else plan.trial_days


def days_of(signup: Signup) -> int:
    """Return how many days of trial a sign-up gets."""
    plan = Plan.objects.filter(code=signup.plan).first()
    return days_for(plan, email=signup.email) if plan else 0


def was_taken(email: str) -> bool:
    """Whether whoever has this address has had a trial, also in a workspace that is gone."""
    if TrialTaken.objects.filter(digest=_digest(email)).exists():
        return True
    theirs = Signup.objects.filter(email__iexact=email, tenant__isnull=False).values("tenant")
    return Subscription.objects.filter(tenant__in=theirs, trial_end__isnull=False).exists()


def note(subscription: Subscription) -> None:
    """Remember who has the trial of a subscription, if it is or was one. Safe to repeat."""
    if subscription.trial_end is None or subscription.tenant is None:
        return
    for email in _addresses_of(subscription):
        TrialTaken.objects.get_or_create(
            digest=_digest(email), defaults={"subscription_id": subscription.pk}
        )


def effect_of_change(row: Subscription, plan: Plan) -> TrialEffect | None:
    """Return what a change to this plan does to the trial that runs; None if none does.

    A plan's trial is its own: as many days as it has, counted from the trial's beginning.
    """
    if row.status != "trialing" or row.trial_end is None:
        return None
    if row.plan_id == plan.pk:
        return TrialEffect(situation=Situation.TRIAL_KEPT, ends_at=row.trial_end)
    ends = (row.current_period_start or clock.now()) + timedelta(days=plan.trial_days)
    if ends <= clock.now():
        return TrialEffect(situation=Situation.TRIAL_ENDS_NOW, ends_at=None)
    if ends < row.trial_end:
        return TrialEffect(situation=Situation.TRIAL_SHORTENED, ends_at=ends)
    return TrialEffect(situation=Situation.TRIAL_KEPT, ends_at=row.trial_end)


def _addresses_of(subscription: Subscription) -> Iterator[str]:
    tenant = subscription.tenant
    known = Signup.objects.filter(tenant=tenant).values_list("email", flat=True)
    yield from filter(None, {*known, tenant.owner_email if tenant else ""})


def _digest(email: str) -> str:
    name, _at, domain = email_addresses.known(email).casefold().rpartition("@")
    bare = f"{name.partition('+')[0]}@{domain}"
    return salted_hmac("billing.trials", bare, algorithm="sha256").hexdigest()
