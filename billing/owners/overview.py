"""What an owner sees of the subscription: one picture, for the API and for the page."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F

from billing import grace
from billing.models import Invoice, Subscription
from billing.owners import quota_enforcement
from billing.owners.account import Account
from billing.owners.actions import ENDED, OURS_TO_CHANGE, may_choose
from billing.plans import in_readers_language

PAID_BY_HAND, NOTHING = "manual", "none"
# As long as one of these is open, somebody waits for money.
OWED_SINCE_TRIES = 1


def of(account: Account) -> dict[str, Any]:
    """Return plan, price, dates, problems and limits, and which verbs would be taken now."""
    subscription = account.subscription()
    plan = account.plan()
    account.tenant.refresh_from_db(fields=["suspended_at"])  # a verb may just have changed it
    return {
        "plan": {"code": plan.code, "name": in_readers_language(plan)} if plan else None,
        "suspended": account.tenant.suspended_at is not None,
        **(_of_subscription(subscription) if subscription else _of_payments(account)),
        "payment_problem": _payment_problem(account),
        "limits": quota_enforcement.usage_of(account),
        "actions": _actions(account, subscription),
    }


def ends_at(subscription: Subscription) -> datetime | None:
    """Return when a subscription has ended, or will by a cancellation; None if it goes on."""
    if subscription.ended_at or subscription.gone_at:
        return subscription.ended_at or subscription.gone_at
    by_period = subscription.current_period_end if subscription.cancel_at_period_end else None
    return subscription.cancel_at or by_period


def _of_subscription(row: Subscription) -> dict[str, Any]:
    ends = ends_at(row)
    return {
        "status": row.status,
        "price": _price(row),
        "period_amount": row.renewal_amount,
        "trial_end": row.trial_end if row.status == "trialing" else None,
        "current_period_start": row.current_period_start,
        "current_period_end": row.current_period_end,
        "next_charge": None if ends else _next_charge(row),
        "ends_at": ends,
        "data_kept_until": _kept_until(ends),
        "past_due": past_due(row),
    }


def _of_payments(account: Account) -> dict[str, Any]:
    payment = account.paid_by_hand()
    ends = payment.paid_until if payment else None
    return {
        "status": PAID_BY_HAND if payment else NOTHING,
        "price": None,
        "period_amount": None,
        "trial_end": None,
        "current_period_start": None,
        "current_period_end": ends,
        "next_charge": None,
        "ends_at": ends,
        "data_kept_until": _kept_until(ends),
        "past_due": None,
    }


def _price(row: Subscription) -> dict[str, Any] | None:
    if row.unit_amount is None:
        return None
    return {
        "unit_amount": row.unit_amount,
        "currency": row.currency,
        "interval": row.interval,
        "quantity": row.quantity,
    }


def _next_charge(row: Subscription) -> dict[str, Any] | None:
    if row.renewal_amount is None or row.collection_paused or row.status not in OURS_TO_CHANGE:
        return None
    at = row.trial_end if row.status == "trialing" else row.current_period_end
    return {"at": at, "amount": row.renewal_amount, "currency": row.currency}


def _kept_until(ends: datetime | None) -> datetime | None:
    return ends + timedelta(days=settings.RETENTION_DAYS) if ends else None


def past_due(row: Subscription) -> dict[str, Any] | None:
    """Return since when a payment is overdue and when the grace ends, or None."""
    if row.status != "past_due" or row.past_due_since is None:
        return None
    return {"since": row.past_due_since, "grace_ends_at": grace.ends_at(row)}


def _payment_problem(account: Account) -> dict[str, Any] | None:
    """Return the newest invoice that the card was tried for in vain."""
    unpaid = account.invoices().filter(status="open", attempt_count__gte=OWED_SINCE_TRIES)
    invoice: Invoice | None = unpaid.order_by(F("created_at").desc(nulls_last=True)).first()
    if invoice is None:
        return None
    return {
        "invoice": invoice.pk,
        "amount_due": invoice.amount_due,
        "currency": invoice.currency,
        "pay_url": invoice.hosted_url or None,
        "next_attempt_at": invoice.next_attempt_at,
    }


def _actions(account: Account, row: Subscription | None) -> dict[str, bool]:
    reachable = settings.STRIPE.mode != "manual"
    live = reachable and row is not None and row.status not in ENDED and row.gone_at is None
    cancelled = row is not None and bool(row.cancel_at or row.cancel_at_period_end)
    changeable = row is not None and row.status in OURS_TO_CHANGE and may_choose(row)
    paused = row is not None and row.status == "paused"
    return {
        "change_plan": live and changeable and not cancelled,
        "cancel": live and not cancelled,
        "resume": live and (cancelled or paused),
        "portal": reachable and bool(account.customer_id()),
        "begin_again": reachable and row is not None and row.status in ENDED and not row.gone_at,
    }
