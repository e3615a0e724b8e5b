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

import structlog
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from psycopg.errors import LockNotAvailable

from billing import access, intervals, pending_changes, stripe_sync
from billing.access_policy import ENDED_STATUSES
from billing.models import Price, Subscription
from billing.owners import (
    at_period_end,
    confirmations,
    plan_changes,
    quota_enforcement,
    stripe_calls,
)
from billing.owners.account import Account
from billing.words import Situation, say
from public_apps.core import clock, errors
from public_apps.core.models import IdempotentRequest

log = structlog.get_logger(__name__)
PREVIEW_HOLDS = timedelta(hours=1)
OURS_TO_CHANGE = frozenset({"active", "trialing"})
LOCK_WAIT = "1s"


@dataclass(frozen=True, kw_only=True)
class PlanChange:
    """The plan and interval that an owner wants; `at` is the moment that a preview was made for.

    `when` the change is to be made: one of `at_period_end.choices`, or nothing for the usual.
    """

    plan: str
    interval: str
    at: datetime | None = None
    when: str = ""


def preview_change(*, account: Account, wish: PlanChange) -> dict[str, Any]:
    """Return what a change of plan would cost now and from then on, in minor units.

    Raises `errors.Invalid`, `quota_enforcement.PlanTooSmall`, and what `at_stripe` raises.
    """
    price = price_of(wish)
    quota_enforcement.check_change(tenant=account.tenant, plan=price.plan)
    with subscription_held(account) as row:
        confirmations.refuse_beside(row)
        _refuse_unless_changeable(row)
        if row.price_id == price.stripe_price_id:
            message = _("This is the plan that you have.")
            raise errors.Invalid(message, errors={"plan": [message]})
        _refuse_beside_other_interval(row, price)
        when = at_period_end.chosen(row, price, when=wish.when)
        at = wish.at or clock.now()
        with stripe_calls.at_price(price):
            costs = plan_changes.costs_now
            if when == at_period_end.PERIOD_END:
                costs = plan_changes.costs_then
            return {
                **costs(row, price, at),
                "when": when,
                "when_choices": at_period_end.choices(row, price),
            }


def change_plan(
    *, account: Account, wish: PlanChange, request: IdempotentRequest
) -> dict[str, Any] | None:
    """Move the subscription to another price; what is due for it is charged at once, or nothing.

    At once, which drops what was planned; or planned for the end of the period, if that is wished.
    Returns what the owner has to do first, if the bank wants the payment to be confirmed: nothing
    has changed until then. Raises what `preview_change` raises, and `stripe_calls.PaymentFailed`.
    """
    price = price_of(wish)
    quota_enforcement.check_change(tenant=account.tenant, plan=price.plan)
    with _held(account, with_card=True) as (row, fresh):
        if confirmations.is_wished_for(row, price.stripe_price_id):
            return confirmations.sought(row, request)
        confirmations.refuse_beside(row)
        if row.price_id == price.stripe_price_id:
            return None
        _refuse_unless_changeable(row)
        _refuse_beside_other_interval(row, price)
        if at_period_end.chosen(row, price, when=wish.when) == at_period_end.PERIOD_END:
            _plan_for_period_end(row, fresh, price, request)
            return None
        at = _moment_of(wish, row, request)
        change = {**plan_changes.items(row, price, at), "payment_behavior": _when_unpaid(fresh)}
        with (
            at_period_end.set_aside(row, fresh, key=key_of(request)),
            stripe_calls.at_price(price),
        ):
            _update(row, change, request)
            return confirmations.sought(row, request)


def _plan_for_period_end(
    row: Subscription, fresh: dict[str, Any], price: Price, request: IdempotentRequest
) -> None:
    if at_period_end.is_planned(row, price.stripe_price_id):
        return
    with stripe_calls.at_price(price):
        at_period_end.plan(row, fresh, price, request=request)


def _when_unpaid(fresh: dict[str, Any]) -> str:
    """Return what Stripe is to do with a change whose payment does not come at once."""
    return "pending_if_incomplete" if pending_changes.may_wait(fresh) else "error_if_incomplete"


def give_up_change(*, account: Account, request: IdempotentRequest) -> None:
    """Drop the change that waits, for its payment or for the period's end; nothing is left of it."""
    with subscription_held(account) as row:
        confirmations.give_up(row, request)
        at_period_end.give_up(row, key=key_of(request))


def cancel(*, account: Account, request: IdempotentRequest) -> None:
    """End the subscription with its period; what is open by then is still to be paid.

    A change that waits, for its payment or for the end of the period, is given up before.
    """
    with subscription_held(account) as row:
        if row.cancel_at or row.cancel_at_period_end:
            return
        _refuse_ended(row)
        at_period_end.refuse_beside_others(row)
        confirmations.give_up(row, request)
        at_period_end.release(row, key=key_of(request))
        _update(row, {"cancel_at_period_end": True}, request)


def resume(*, account: Account, request: IdempotentRequest) -> dict[str, Any] | None:
    """Take a cancellation back before its day has come, or go on after a pause.

    Returns what the owner has to do first, as `change_plan` does: what follows a pause is paid.
    """
    with _held(account, with_card=True) as (row, fresh):
        _refuse_ended(row)
        if row.status == "paused":
            if row.pending_change is None:
                _go_on(row, fresh, request)
            return confirmations.sought(row, request)
        if row.cancel_at or row.cancel_at_period_end:
            at_period_end.release(row, key=key_of(request))
        if row.cancel_at_period_end:
            _update(row, {"cancel_at_period_end": False}, request)
        elif row.cancel_at:
            _update(row, {"cancel_at": ""}, request)
        return None


def _go_on(row: Subscription, fresh: dict[str, Any], request: IdempotentRequest) -> None:
    has_card = pending_changes.is_paid_by_itself(fresh)
    fresh = stripe_calls.resume_subscription(row.pk, has_card=has_card, key=key_of(request))
    stripe_sync.record_subscription(row, fresh)


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
    configuration_id = stripe_calls.portal_configuration()
    if configuration_id:
        params["configuration"] = configuration_id
    try:
        session = stripe_calls.portal_session(params=params, key=key_of(request))
    except stripe_calls.Refused as refusal:
        if configuration_id:
            raise
        # Without ours, Stripe goes by the account's own, and there is none.
        log.exception("no configuration of the customer portal; run `manage.py doctor --fix`")
        raise errors.UpstreamFailed(say(Situation.PORTAL_CLOSED)) from refusal
    return str(session["url"])


@contextmanager
def subscription_held(account: Account) -> Iterator[Subscription]:
    """Give the tenant's subscription, locked and as it is at Stripe now; access follows after."""
    with _held(account) as (row, _fresh):
        yield row


@contextmanager
def _held(
    account: Account, *, with_card: bool = False
) -> Iterator[tuple[Subscription, dict[str, Any]]]:
    """Give what `subscription_held` gives, and beside it what Stripe says."""
    _refuse_in_manual_mode()
    current = account.subscription()
    if current is None:
        raise _nothing_at_stripe()
    with transaction.atomic():
        row = _locked(current.pk)
        fresh = stripe_calls.subscription(row.pk, with_card=with_card)
        stripe_sync.record_subscription(row, fresh)
        yield row, fresh
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


def _moment_of(wish: PlanChange, row: Subscription, request: IdempotentRequest) -> datetime:
    """Return the moment that the change is counted from, the same for every try of one request."""
    began = row.current_period_start
    if wish.at is None or (began and wish.at < began):
        return request.created_at
    if abs(request.created_at - wish.at) > PREVIEW_HOLDS:
        raise errors.Conflict(_("This preview is too old. Please look at the amounts again."))
    return min(wish.at, request.created_at)


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
    at_period_end.refuse_beside_others(row)
    if not may_choose(row):
        raise errors.Conflict(_("Please write to us to change this plan."))


def _refuse_beside_other_interval(row: Subscription, price: Price) -> None:
    """Refuse to part a plan from its add-ons: who pays them at two intervals agrees that with us."""
    if (price.interval, 1) == (row.interval, row.interval_count):
        return
    for item in row.items:
        often = (item["interval"], item["interval_count"])
        if not item["is_plan"] and often != (price.interval, 1):
            every = intervals.every(*often)
            raise errors.Conflict(say(Situation.ADD_ONS_AT_OTHER_INTERVAL, every=every))


def may_choose(row: Subscription) -> bool:
    """Whether an owner can change the plan alone: there is one, and what it costs then can be told."""
    return bool(row.price_id) and row.renewal_amount is not None


def _refuse_ended(row: Subscription) -> None:
    if row.status in ENDED_STATUSES:
        raise errors.Conflict(_("This subscription has ended."))


def _refuse_in_manual_mode() -> None:
    if settings.STRIPE.mode == "manual":
        raise errors.Closed(_("Changes are closed just now. Please write to us."))


def _nothing_at_stripe() -> errors.Conflict:
    return errors.Conflict(_("This workspace has no subscription at the payment provider."))
