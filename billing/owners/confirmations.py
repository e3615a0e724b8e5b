"""Changes that an owner's bank wants to have confirmed: waited for, given up, or void at once.

Until the payment is confirmed nothing has changed, at Stripe or here; and whatever does not come to
its end leaves no open invoice.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from billing import pending_changes, stripe_sync
from billing.models import Subscription
from billing.owners import stripe_calls
from billing.plans import in_readers_language
from billing.words import Situation, of_card, say
from public_apps.core import clock, errors
from public_apps.core.models import IdempotentRequest
from public_apps.core.templatetags.money import money

Document = dict[str, Any]
CONFIRM_PAYMENT = "confirm_payment"
# So long the page says that a change was not confirmed in time.
TOLD_FOR = timedelta(days=7)


def sought(row: Subscription, request: IdempotentRequest) -> Document | None:
    """Return what the owner has to do for a change that was just asked for; None if it is made.

    A card that was declined is no matter of confirming: its invoice is voided, and with it the
    change is gone. Raises `stripe_calls.PaymentFailed` then.
    """
    if row.pending_change is None:
        return None
    invoice = stripe_calls.invoice(row.pending_change["invoice"])
    reason = stripe_sync.reason_of_decline(invoice)
    if reason is None:
        return next_action(row)
    _void(row, request)
    raise stripe_calls.PaymentFailed(say(of_card(reason)))


def give_up(row: Subscription, request: IdempotentRequest) -> None:
    """Drop the change that waits, with its invoice; nothing is left open. Nothing waits: nothing done.

    Raises `errors.Conflict` if its payment has been confirmed meanwhile.
    """
    if row.pending_change is None:
        return
    try:
        _void(row, request)
    except stripe_calls.Refused:
        stripe_sync.record_subscription(row, stripe_calls.subscription(row.pk))
        if row.pending_change is not None:
            raise
        raise errors.Conflict(say(Situation.CHANGE_MADE_MEANWHILE)) from None
    stripe_sync.record_subscription(row, stripe_calls.subscription(row.pk))


def _void(row: Subscription, request: IdempotentRequest) -> None:
    assert row.pending_change is not None  # noqa: S101 - both callers have looked
    stripe_calls.void_invoice(row.pending_change["invoice"], key=f"owner-{request.pk}-void")


def is_wished_for(row: Subscription, price_id: str) -> bool:
    """Whether what waits is the change to this price."""
    return bool(row.pending_change and row.pending_change["price"] == price_id)


def refuse_beside(row: Subscription) -> None:
    """Refuse another change while one waits: only one of them could be meant."""
    if row.pending_change is not None:
        raise errors.Conflict(say(Situation.CHANGE_IN_THE_WAY, plan=_plan(row.pending_change)))


def next_action(row: Subscription | None) -> Document | None:
    """Return where to confirm the change that waits, and until when; None if there is none."""
    change = row.pending_change if row is not None else None
    if not change or not change["url"]:
        return None
    return {"type": CONFIRM_PAYMENT, "url": change["url"], "expires_at": _until(change)}


def shown(row: Subscription | None) -> Document | None:
    """Return the change that waits, for the page and the API."""
    change = row.pending_change if row is not None else None
    if not change:
        return None
    price = pending_changes.price_of(change) if change["kind"] == pending_changes.PLAN else None
    plan = price.plan if price is not None else None
    return {
        "kind": change["kind"],
        "plan": {"code": plan.code, "name": in_readers_language(plan)} if plan else None,
        "interval": price.interval if price is not None else None,
        "amount": change["amount"],
        "currency": change["currency"],
        "expires_at": _until(change),
        "detail": _said(change),
    }


def lapsed_notice(row: Subscription) -> Document | None:
    """Return the situation, with its facts for `say`, of a change that nobody confirmed in time."""
    change = row.lapsed_change
    ended = _until(change) if change else None
    if not change or ended is None or clock.now() - ended > TOLD_FOR:
        return None
    if change["kind"] == pending_changes.RESUMPTION:
        return {"situation": Situation.RESUMPTION_LAPSED}
    return {"situation": Situation.CHANGE_LAPSED, "plan": _plan(change)}


def _said(change: Document) -> str:
    waits = Situation.CHANGE_WAITS
    if change["kind"] == pending_changes.RESUMPTION:
        waits = Situation.RESUMPTION_WAITS
    until = _until(change)
    return say(
        waits,
        plan=_plan(change),
        sum=money(change["amount"] or 0, change["currency"]),
        until=date_format(_on_their_wall(until), "j E Y, H:i") if until else "",
    )


def _on_their_wall(moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(settings.PAGES_TIME_ZONE))


def _plan(change: Document) -> str:
    return pending_changes.named(change) or _("another plan")


def _until(change: Document) -> datetime | None:
    seconds = change["expires_at"]
    return datetime.fromtimestamp(seconds, UTC) if seconds else None
