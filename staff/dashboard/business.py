"""Where sign-ups, tenants and money stand: counts over tables of tens of thousands of rows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import (
    Aggregate,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Q,
    Sum,
)

from billing.models import Subscription
from public_apps.core import clock
from public_apps.onboarding.models import Signup, Source
from public_apps.tenants.models import Status, Tenant

MONTH = timedelta(days=30)
# What pays: a trial doesn't yet, and whoever is past due still has the grace period to pay in.
PAYING = ("active", "past_due")
MONTHS_A_YEAR = 12


class Median(Aggregate):
    """The middle of a group's values, as PostgreSQL's percentile_cont finds it."""

    function = "percentile_cont"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = DurationField()


@dataclass(frozen=True, kw_only=True)
class Funnel:
    """Sign-ups of the last 30 days, and the usual time from one stage to the next."""

    started: int
    paid: int
    ready: int
    failed: int
    to_pay: timedelta | None
    to_ready: timedelta | None

    def share(self, count: int) -> float:
        """Return which part of those who started came this far, from 0 to 1."""
        return count / self.started if self.started else 0.0


@dataclass(frozen=True, kw_only=True)
class Money:
    """What comes in each month in minor units, and how many left of those who were there."""

    mrr: int
    currency: str
    paying: int
    trialing: int
    past_due: int
    began: int
    ended: int
    churn: float | None  # of those live 30 days ago, from 0 to 1
    # Paid for by customers that belong to no workspace: charged, and in none of the above.
    unclaimed: int
    unclaimed_mrr: int


def funnel(*, now: datetime | None = None) -> Funnel:
    """Return how far the sign-ups of the last 30 days came; those opened by hand are left out."""
    since = (now or clock.now()) - MONTH
    asked = Signup.objects.filter(created_at__gte=since, source=Source.CHECKOUT)
    found = asked.aggregate(
        started=Count("pk"),
        paid=Count("paid_at"),
        ready=Count("ready_at"),
        failed=Count("failed_at"),
        to_pay=Median(_between("created_at", "paid_at")),
        to_ready=Median(_between("paid_at", "ready_at")),
    )
    return Funnel(**found)


def tenants() -> dict[Status, int]:
    """Return how many tenants stand where, every status included."""
    counted = Tenant.objects.with_status().values_list("state").annotate(count=Count("pk"))
    found = dict(counted.order_by())
    return {status: found.get(status.value, 0) for status in Status}


def money(*, now: datetime | None = None) -> Money:
    """Return the monthly revenue by what the mirror holds, and how many came and left in 30 days.

    What has no tenant is another business on the same account, or not linked yet: told apart.
    """
    since = (now or clock.now()) - MONTH
    currency = settings.STRIPE.currency
    there = Subscription.objects.filter(synced_at__isnull=False, gone_at__isnull=True)
    known = there.filter(tenant__isnull=False)
    unclaimed = there.filter(tenant__isnull=True).aggregate(
        monthly=_charged(interval="month", currency=currency),
        yearly=_charged(interval="year", currency=currency),
        count=Count("pk", filter=Q(status__in=PAYING)),
    )
    ended = Q(ended_at__gte=since)
    found = known.aggregate(
        monthly=_charged(interval="month", currency=currency),
        yearly=_charged(interval="year", currency=currency),
        paying=Count("pk", filter=Q(status__in=PAYING)),
        trialing=Count("pk", filter=Q(status="trialing")),
        past_due=Count("pk", filter=Q(status="past_due")),
        began=Count("pk", filter=Q(created_at__gte=since)),
        ended=Count("pk", filter=ended & Q(created_at__lt=since)),
        were=Count("pk", filter=Q(created_at__lt=since) & (Q(ended_at__isnull=True) | ended)),
    )
    were = found.pop("were")
    return Money(
        mrr=_a_month(found.pop("monthly"), found.pop("yearly")),
        currency=currency,
        churn=found["ended"] / were if were else None,
        unclaimed=unclaimed["count"],
        unclaimed_mrr=_a_month(unclaimed["monthly"], unclaimed["yearly"]),
        **found,
    )


def _a_month(monthly: int | None, yearly: int | None) -> int:
    return (monthly or 0) + round((yearly or 0) / MONTHS_A_YEAR)


def _between(earlier: str, later: str) -> ExpressionWrapper[Any]:
    return ExpressionWrapper(F(later) - F(earlier), output_field=DurationField())


def _charged(*, interval: str, currency: str) -> Sum:
    charged = Q(status__in=PAYING, interval=interval, currency=currency, collection_paused=False)
    # A quarter is three months: what is paid for several intervals counts for one of them.
    return Sum(F("renewal_amount") / F("interval_count"), filter=charged)
