"""What an owner sees of the subscription: one picture, for the API and for the page."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import F, Q

from billing import (
    contacts,
    debts,
    grace,
    intervals,
    pending_changes,
    scheduled_changes,
    subscription_items,
    upcoming,
)
from billing.access_policy import ENDED_STATUSES
from billing.models import Customer, Invoice, Subscription
from billing.owners import at_period_end, confirmations, quota_enforcement
from billing.owners.account import Account
from billing.owners.actions import OURS_TO_CHANGE, may_choose
from billing.plans import in_readers_language
from billing.words import Situation, of_debt, say
from public_apps.core import clock

PAID_BY_HAND, NOTHING = "manual", "none"
# As long as one of these is open, somebody waits for money.
OWED_SINCE_TRIES = 1


def of(account: Account) -> dict[str, Any]:
    """Return plan, price, dates, problems and limits, and which verbs would be taken now."""
    subscription = account.subscription()
    plan = account.plan_beside(subscription)
    account.tenant.refresh_from_db(
        fields=["suspended_at", "held_at"]
    )  # a verb may just have changed it
    problem = _payment_problem(account, subscription)
    debt = debts.newest(account.invoices(), of=subscription)
    shown = _of_subscription(account, subscription) if subscription else _of_payments(account)
    return {
        "plan": {"code": plan.code, "name": in_readers_language(plan)} if plan else None,
        "suspended": account.tenant.suspended_at is not None,
        **shown,
        "payment_problem": problem,
        "pending_change": confirmations.shown(subscription),
        "scheduled_change": at_period_end.shown(subscription),
        "next_action": confirmations.next_action(subscription),
        "notices": [*_notices(account, subscription, shown, problem, debt)],
        "after_cancelling": _after_cancelling(subscription, debt),
        "limits": quota_enforcement.usage_of(account),
        "billing_contact": contacts.of(account.tenant),
        "actions": _actions(account, subscription),
    }


def ends_at(subscription: Subscription) -> datetime | None:
    """Return when a subscription has ended, or will by a cancellation; None if it goes on."""
    if subscription.ended_at or subscription.gone_at:
        return subscription.ended_at or subscription.gone_at
    by_period = subscription.current_period_end if subscription.cancel_at_period_end else None
    return subscription.cancel_at or by_period


def open_until(row: Subscription) -> datetime | None:
    """Return until when a subscription that is cancelled now keeps its workspace open.

    Until its period ends; where a payment is late, no longer than that may wait.
    """
    until = row.current_period_end
    grace_ends = grace.ends_at(row) if row.status == "past_due" else None
    return min((each for each in (until, grace_ends) if each is not None), default=None)


def _of_subscription(account: Account, row: Subscription) -> dict[str, Any]:
    ends = ends_at(row)
    return {
        "status": row.status,
        "price": _price(row),
        "period_amount": row.renewal_amount,
        "items": [*_items(row)],
        "sums": [*map(_with_words, subscription_items.sums(row))],
        "trial_end": row.trial_end if row.status == "trialing" else None,
        "current_period_start": row.current_period_start,
        "current_period_end": row.current_period_end,
        **_coming(account, row, ends),
        "ends_at": ends,
        "open_until": open_until(row),
        "data_kept_until": _kept_until(ends),
        "past_due": past_due(row),
    }


def _items(row: Subscription) -> Iterator[dict[str, Any]]:
    """Yield what is charged, by name; the plan's by the name that its reader knows."""
    for item in row.items:
        called = in_readers_language(row.plan) if item["is_plan"] and row.plan else item["name"]
        yield _with_words({**item, "name": called})


def _with_words(charged: dict[str, Any]) -> dict[str, Any]:
    every = intervals.every(charged["interval"], charged["interval_count"])
    return {**charged, "every": every}


def _coming(account: Account, row: Subscription, ends: datetime | None) -> dict[str, Any]:
    """Return what Stripe says that is charged next, and what credit there is.

    What has no next charge is known without asking; the credit is then what we noted last.
    """
    known: dict[str, Any] = {"next_charge": None, "next_charge_known": True}
    if not ends and not row.collection_paused and row.status in OURS_TO_CHANGE:
        try:
            coming = upcoming.next_charge(row)
        except upcoming.NotTold:
            known["next_charge_known"] = False
        else:
            if coming is not None:
                told = {"credit": coming.credit, "credit_currency": coming.currency}
                return {**known, "next_charge": asdict(coming), **told}
    customer = Customer.objects.filter(pk=row.customer_id, tenant=account.tenant).first()
    credit = customer.credit if customer else 0
    currency = customer.currency if customer else ""
    return {**known, "credit": credit, "credit_currency": currency or row.currency}


def _of_payments(account: Account) -> dict[str, Any]:
    payment = account.paid_by_hand()
    ends = payment.paid_until if payment else None
    return {
        "status": PAID_BY_HAND if payment else NOTHING,
        "price": None,
        "period_amount": None,
        "items": [],
        "sums": [],
        "trial_end": None,
        "current_period_start": None,
        "current_period_end": ends,
        "next_charge": None,
        "next_charge_known": True,
        "credit": 0,
        "credit_currency": settings.STRIPE.currency,
        "ends_at": ends,
        "open_until": ends,
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
        "interval_count": row.interval_count,
        "every": intervals.every(row.interval, row.interval_count),
        "quantity": row.quantity,
    }


def _kept_until(ends: datetime | None) -> datetime | None:
    return ends + timedelta(days=settings.RETENTION_DAYS) if ends else None


def past_due(row: Subscription) -> dict[str, Any] | None:
    """Return since when a payment is overdue and when the grace ends, or None."""
    if row.status != "past_due" or row.past_due_since is None:
        return None
    return {"since": row.past_due_since, "grace_ends_at": grace.ends_at(row)}


def _payment_problem(account: Account, row: Subscription | None) -> dict[str, Any] | None:
    """Return the newest invoice that the card was tried for in vain, or whose day has passed.

    What a change waits for is not owed: who does not confirm it keeps what there is.
    """
    late = Q(attempt_count__gte=OWED_SINCE_TRIES) | Q(due_at__lte=clock.now())
    unpaid = account.invoices().filter(late, status="open", debit_under_way=False)
    unpaid = pending_changes.without_what_waits(unpaid, row)
    invoice: Invoice | None = unpaid.order_by(F("created_at").desc(nulls_last=True)).first()
    if invoice is None:
        return None
    return {
        "invoice": invoice.pk,
        "amount_due": invoice.amount_due,
        "currency": invoice.currency,
        "pay_url": invoice.hosted_url or None,
        "next_attempt_at": invoice.next_attempt_at,
        "due_at": invoice.due_at,
    }


def _after_cancelling(row: Subscription | None, debt: dict[str, Any] | None) -> str:
    return say(**of_debt(debt)) if row is not None else ""


def _notices(
    account: Account,
    row: Subscription | None,
    shown: dict[str, Any],
    problem: dict[str, Any] | None,
    debt: dict[str, Any] | None,
) -> Iterator[dict[str, Any]]:
    """Yield what an owner must be told, most urgent first."""
    if account.tenant.held_at:
        yield _notice(Situation.HELD)
    elif account.tenant.suspended_at:
        yield _notice(Situation.INACTIVE)
    elif late := shown["past_due"]:
        yield _late(late, problem)
    if row is not None and shown["ends_at"] and debt:
        yield _notice(**of_debt(debt))
    if row is not None and (lapsed := confirmations.lapsed_notice(row)):
        yield _notice(**lapsed)
    used = quota_enforcement.used_by(account.tenant)
    if row is not None and (narrow := at_period_end.too_small(row, used=used)):
        yield _notice(**narrow)
    if not shown["next_charge_known"]:
        yield _notice(Situation.NOT_TOLD)


def _late(late: dict[str, Any], problem: dict[str, Any] | None) -> dict[str, Any]:
    if problem and problem["due_at"]:
        return _notice(Situation.INVOICE_LATE, due=problem["due_at"], date=late["grace_ends_at"])
    return _notice(Situation.CHARGE_LATE, date=late["grace_ends_at"])


def _notice(situation: Situation, **facts: Any) -> dict[str, Any]:
    return {"situation": situation, "detail": say(situation, **facts)}


def _actions(account: Account, row: Subscription | None) -> dict[str, bool]:
    reachable = settings.STRIPE.mode != "manual"
    ended = row is not None and row.status in ENDED_STATUSES
    there = reachable and row is not None and row.gone_at is None
    live = there and not ended
    cancelled = row is not None and bool(row.cancel_at or row.cancel_at_period_end)
    changeable = row is not None and row.status in OURS_TO_CHANGE and may_choose(row)
    paused = row is not None and row.status == "paused"
    waits = row is not None and row.pending_change is not None
    ours = row is not None and scheduled_changes.is_ours_to_drop(row)
    planned = row is not None and ours and scheduled_changes.waits(row) is not None
    return {
        "change_plan": live and changeable and not cancelled and not waits and ours,
        "give_up_change": live and (waits or planned),
        "cancel": live and not cancelled and ours,
        "resume": live and (cancelled or paused) and not waits and ours,
        "portal": reachable and bool(account.customer_id()),
        "begin_again": there and ended,
    }
