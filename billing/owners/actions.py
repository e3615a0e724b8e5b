"""What owners can do with their subscription. Each verb may be called twice and counts once.

Each locks our row, asks Stripe how things are, changes them there, and writes the answer down: the
same order as every handler, so that an event which arrives meanwhile waits, and then agrees.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from billing import access, stripe_sync
from billing.models import Price, Subscription
from billing.owners import quota_enforcement, stripe_calls
from billing.owners.account import Account
from public_apps.core import errors
from public_apps.core.models import IdempotentRequest

PREVIEW_HOLDS = timedelta(hours=1)
OURS_TO_CHANGE = frozenset({"active", "trialing"})
ENDED = frozenset({"canceled", "incomplete_expired"})
LOCK_WAIT = "1s"


@dataclass(frozen=True, kw_only=True)
class PlanChange:
    """The plan and interval that an owner wants; `at` is the moment that a preview was made for."""

    plan: str
    interval: str
    at: datetime | None = None


def preview_change(*, account: Account, wish: PlanChange) -> dict[str, Any]:
    """Return what a change of plan would cost now and from then on, in minor units.

    Raises `errors.Invalid`, `quota_enforcement.PlanTooSmall`, and what `at_stripe` raises.
    """
    price = price_of(wish)
    quota_enforcement.check_change(tenant=account.tenant, plan=price.plan)
    with subscription_held(account) as row:
        _refuse_unless_changeable(row)
        if row.price_id == price.stripe_price_id:
            message = _("This is the plan that you have.")
            raise errors.Invalid(message, errors={"plan": [message]})
        at = wish.at or timezone.now()
        invoice = stripe_calls.preview(row.pk, change=_items(row, price, at))
        return _costs(row, price, invoice, at)


def change_plan(*, account: Account, wish: PlanChange, request: IdempotentRequest) -> None:
    """Move the subscription to another price; what is due for it is charged at once, or nothing.

    Raises what `preview_change` raises, and `stripe_calls.PaymentFailed`.
    """
    price = price_of(wish)
    quota_enforcement.check_change(tenant=account.tenant, plan=price.plan)
    with subscription_held(account) as row:
        if row.price_id == price.stripe_price_id:
            return
        _refuse_unless_changeable(row)
        at = _moment_of(wish, row, request)
        change = {**_items(row, price, at), "payment_behavior": "error_if_incomplete"}
        _update(row, change, request)


def cancel(*, account: Account, request: IdempotentRequest) -> None:
    """End the subscription with the period that is paid for; nothing is charged after that."""
    with subscription_held(account) as row:
        if row.cancel_at or row.cancel_at_period_end:
            return
        _refuse_ended(row)
        _update(row, {"cancel_at_period_end": True}, request)


def resume(*, account: Account, request: IdempotentRequest) -> None:
    """Take a cancellation back before its day has come, or go on after a pause."""
    with subscription_held(account) as row:
        _refuse_ended(row)
        if row.status == "paused":
            fresh = stripe_calls.resume_subscription(row.pk, key=key_of(request))
            stripe_sync.record_subscription(row, fresh)
        elif row.cancel_at_period_end:
            _update(row, {"cancel_at_period_end": False}, request)
        elif row.cancel_at:
            _update(row, {"cancel_at": ""}, request)


def open_portal(*, account: Account, request: IdempotentRequest, back: str) -> str:
    """Return the address of a session in Stripe's customer portal, which leads back to `back`."""
    _refuse_in_manual_mode()
    customer_id = account.customer_id()
    if not customer_id:
        raise _nothing_at_stripe()
    params = {
        "customer": customer_id,
        "return_url": back,
        "locale": (get_language() or "auto")[:2],
    }
    session = stripe_calls.portal_session(params=params, key=key_of(request))
    return str(session["url"])


@contextmanager
def subscription_held(account: Account) -> Iterator[Subscription]:
    """Give the tenant's subscription, locked and as it is at Stripe now; access follows after."""
    _refuse_in_manual_mode()
    current = account.subscription()
    if current is None:
        raise _nothing_at_stripe()
    with transaction.atomic():
        row = _locked(current.pk)
        stripe_sync.record_subscription(row, stripe_calls.subscription(row.pk))
        yield row
    access.apply_subscription(row, cause=f"{account.tenant.name}: owner")


def _locked(subscription_id: str) -> Subscription:
    try:
        with connection.cursor() as cursor:
            # Whoever holds it for longer is at the same work: better to say so than to wait.
            cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_WAIT])
        # Without the plan joined in: after a wait it would be the one from before.
        return Subscription.objects.select_for_update().get(pk=subscription_id)
    except OperationalError as error:
        if not isinstance(error.__cause__, LockNotAvailable):
            raise
        raise errors.Conflict(_("The same request is still being worked on.")) from error


def _update(row: Subscription, change: dict[str, Any], request: IdempotentRequest) -> None:
    fresh = stripe_calls.update_subscription(row.pk, change=change, key=key_of(request))
    stripe_sync.record_subscription(row, fresh)


def key_of(request: IdempotentRequest) -> str:
    """Return the key under which Stripe knows this request, however often it is tried."""
    return f"owner-{request.pk}"


def _items(row: Subscription, price: Price, at: datetime) -> dict[str, Any]:
    return {
        # The plan's item alone, its quantity as it is: add-ons stay what they are.
        "items": [{"id": row.item_id, "price": price.stripe_price_id, "quantity": row.quantity}],
        # Settled at once: what the preview says is what is charged, and nothing is left over.
        "proration_behavior": "always_invoice",
        "proration_date": int(at.timestamp()),
    }


def _moment_of(wish: PlanChange, row: Subscription, request: IdempotentRequest) -> datetime:
    """Return the moment that the change is counted from, the same for every try of one request."""
    began = row.current_period_start
    if wish.at is None or (began and wish.at < began):
        return request.created_at
    if abs(request.created_at - wish.at) > PREVIEW_HOLDS:
        raise errors.Conflict(_("This preview is too old. Please look at the amounts again."))
    return min(wish.at, request.created_at)


def _costs(
    row: Subscription, price: Price, invoice: dict[str, Any], at: datetime
) -> dict[str, Any]:
    lines = invoice["lines"]["data"]
    in_trial = row.status == "trialing"
    balance = (invoice.get("starting_balance") or 0) + invoice["total"]
    credit = 0 if in_trial else max(0, -balance)
    ends = stripe_sync.moment(max((line["period"]["end"] for line in lines), default=None))
    return {
        "plan": price.plan.code,
        "interval": price.interval,
        "currency": price.currency,
        "at": at,
        "lines": [] if in_trial else [_line(line) for line in lines],
        "due_now": 0 if in_trial else invoice["amount_due"],
        "credit": credit,
        "next_charge": _next_charge(row, price, credit, at=row.trial_end if in_trial else ends),
    }


def _next_charge(
    row: Subscription, price: Price, credit: int, *, at: datetime | None
) -> dict[str, Any]:
    # What is charged at another interval comes at times of its own.
    added = _add_ons(row) if price.interval == row.interval else 0
    amount = price.unit_amount * row.quantity + added
    return {"at": at, "amount": max(0, amount - credit), "currency": price.currency}


def _add_ons(row: Subscription) -> int:
    """Return what a period costs beside the plan, in minor units."""
    return (row.renewal_amount or 0) - (row.unit_amount or 0) * row.quantity


def _line(line: dict[str, Any]) -> dict[str, Any]:
    return {"description": line.get("description") or "", "amount": line["amount"]}


def price_of(wish: PlanChange) -> Price:
    """Return the price that is wished for, or raise `errors.Invalid` by field."""
    prices = Price.objects.select_related("plan").filter(
        plan__code=wish.plan, plan__offered=True, currency=settings.STRIPE.currency
    )
    price = prices.filter(interval=wish.interval).exclude(stripe_price_id="").first()
    if price is not None:
        return price
    if prices:
        message = _("This plan has no price for this interval.")
        raise errors.Invalid(message, errors={"interval": [message]})
    message = _("There is no such plan.")
    raise errors.Invalid(message, errors={"plan": [message]})


def _refuse_unless_changeable(row: Subscription) -> None:
    _refuse_ended(row)
    if row.status not in OURS_TO_CHANGE:
        raise errors.Conflict(_("Please settle the open payment first."))
    if row.cancel_at or row.cancel_at_period_end:
        raise errors.Conflict(_("The subscription is cancelled: take that back first."))
    if not may_choose(row):
        raise errors.Conflict(_("Please write to us to change this plan."))


def may_choose(row: Subscription) -> bool:
    """Whether an owner can change the plan alone: there is one, and what it costs then can be told."""
    return bool(row.price_id) and row.renewal_amount is not None


def _refuse_ended(row: Subscription) -> None:
    if row.status in ENDED:
        raise errors.Conflict(_("This subscription has ended."))


def _refuse_in_manual_mode() -> None:
    if settings.STRIPE.mode == "manual":
        raise errors.Closed(_("Changes are closed just now. Please write to us."))


def _nothing_at_stripe() -> errors.Conflict:
    return errors.Conflict(_("This workspace has no subscription at the payment provider."))
