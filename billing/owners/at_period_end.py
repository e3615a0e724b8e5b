"""Changes to a smaller plan that wait for the end of what is paid: planned, shown, dropped.

Stripe makes them, by a subscription schedule. As long as one is attached Stripe refuses cancellations,
so every verb that needs the subscription free releases ours first; what others planned bars the verb.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.utils.translation import gettext as _

from billing import scheduled_changes, stripe_sync, subscription_items
from billing.models import Price, Subscription
from billing.owners import stripe_calls
from billing.plans import in_readers_language
from billing.words import Situation, say
from public_apps.core import errors
from public_apps.core.models import IdempotentRequest

log = structlog.get_logger(__name__)
Document = dict[str, Any]
NOW, PERIOD_END = "now", "period_end"
TIMES = (NOW, PERIOD_END)
CHOICE = "choice"  # of `DOWNGRADES`; its other words are the two above
# What a phase says for itself, beside its items, discounts and times.
_KEPT = ("collection_method", "default_payment_method", "description", "metadata")


def may_wait(row: Subscription, price: Price) -> bool:
    """Whether a change costs less than what is paid now, and so need not be made at once."""
    return row.unit_amount is not None and price.unit_amount < row.unit_amount


def choices(row: Subscription, price: Price) -> list[str]:
    """Return when a change may be made, what is done unasked first."""
    if not may_wait(row, price):
        return [NOW]
    word = settings.DOWNGRADES
    return [NOW, PERIOD_END] if word == CHOICE else [word]


def chosen(row: Subscription, price: Price, *, when: str) -> str:
    """Return when a change is made. Raises `errors.Invalid` for what is not to be had."""
    possible = choices(row, price)
    if not when or when in possible:
        return when or possible[0]
    message = _("A change to a smaller plan is made when the paid period ends.")
    if when == PERIOD_END:
        message = _("This change is made at once: it can't wait for the end of the period.")
    raise errors.Invalid(message, errors={"when": [message]})


# --- Planning -------------------------------------------------------------------------------------


def is_planned(row: Subscription, price_id: str) -> bool:
    """Whether just this change waits for the end of the period."""
    change = scheduled_changes.waits(row)
    return bool(change and change["made_here"] and change["price"] == price_id)


def plan(row: Subscription, fresh: Document, price: Price, *, request: IdempotentRequest) -> None:
    """Have Stripe move the subscription, as `fresh` shows it, to a price when its period ends.

    What was planned before is replaced.
    """
    wanted = _Planned(price.stripe_price_id, price.interval, request.created_at)
    _schedule(row, fresh, wanted, key=f"owner-{request.pk}")
    _look_again(row)


class _Planned(NamedTuple):
    """What comes, how often it is paid, and since when it is wished for."""

    price_id: str
    interval: str
    asked_at: datetime


def _schedule(row: Subscription, fresh: Document, wanted: _Planned, *, key: str) -> None:
    # Half of a try whose answer was lost may be there: it is gone on with.
    schedule = fresh.get("schedule") or stripe_calls.create_schedule(row.pk, key=f"{key}-schedule")
    change = {
        "phases": _phases(row, fresh, schedule, wanted),
        "end_behavior": "release",
        "proration_behavior": "none",
        "metadata": scheduled_changes.metadata(price_id=wanted.price_id, asked_at=wanted.asked_at),
    }
    stripe_calls.update_schedule(schedule["id"], change=change, key=f"{key}-phases")


def _phases(
    row: Subscription, fresh: Document, schedule: Document, wanted: _Planned
) -> list[Document]:
    current = scheduled_changes.current_phase(schedule)
    if current is None or row.current_period_end is None:
        raise errors.Conflict(say(Situation.REFUSED))
    items = subscription_items.of(fresh)
    ends = int(row.current_period_end.timestamp())
    now = {"start_date": current["start_date"], "end_date": ends}
    if row.status == "trialing" and row.trial_end:
        now["trial_end"] = int(row.trial_end.timestamp())
    then = [_item(item, wanted.price_id if item["id"] == row.item_id else "") for item in items]
    every = _kept(current, fresh)
    return [
        {**every, **now, "items": [_item(item) for item in items]},
        {**every, "items": then, "proration_behavior": "none",
         "duration": {"interval": wanted.interval, "interval_count": 1}},
    ]  # fmt: skip


def _kept(phase: Document, fresh: Document) -> Document:
    kept = {name: phase[name] for name in _KEPT if phase.get(name)}
    if phase.get("automatic_tax"):
        kept["automatic_tax"] = {"enabled": bool(phase["automatic_tax"].get("enabled"))}
    if days := (phase.get("invoice_settings") or {}).get("days_until_due"):
        kept["invoice_settings"] = {"days_until_due": days}
    if rates := _ids(fresh.get("default_tax_rates")):
        kept["default_tax_rates"] = rates
    if discounts := _ids(fresh.get("discounts")):
        kept["discounts"] = [{"discount": each} for each in discounts]
    return kept


def _item(item: Document, price_id: str = "") -> Document:
    told: Document = {"price": price_id or item["price"]["id"], "quantity": item.get("quantity")}
    if discounts := _ids(item.get("discounts")):
        told["discounts"] = [{"discount": each} for each in discounts]
    if rates := _ids(item.get("tax_rates")):
        told["tax_rates"] = rates
    return {name: value for name, value in told.items() if value is not None}


def _ids(of: Any) -> list[str]:
    return [stripe_sync.id_of(each) for each in of or ()]


# --- Dropping -------------------------------------------------------------------------------------


def release(row: Subscription, *, key: str) -> None:
    """Let the subscription go on by itself; nothing attached: nothing done.

    The row is as it was: whoever calls changes the subscription, or looks at it, next. Raises
    `errors.Conflict` if somebody else planned a change of it.
    """
    refuse_beside_others(row)
    if not row.schedule_id:
        return
    try:
        stripe_calls.release_schedule(row.schedule_id, key=f"{key}-release-{row.schedule_id}")
    except stripe_calls.Refused:  # it has ended meanwhile, and then all is well
        _look_again(row)
        if row.schedule_id:
            raise


def give_up(row: Subscription, *, key: str) -> None:
    """Drop what is planned; nothing is planned: nothing done."""
    if scheduled_changes.waits(row):
        release(row, key=key)
        _look_again(row)


@contextmanager
def set_aside(row: Subscription, fresh: Document, *, key: str) -> Iterator[None]:
    """Release what is planned for a change that is made now; plan it again if its card is declined.

    Whoever wants another plan has thought better of the smaller one, unless nothing comes of it.
    """
    planned = scheduled_changes.waits(row)
    release(row, key=key)
    try:
        yield
    except stripe_calls.PaymentFailed:
        if planned:
            _plan_again(row, fresh, planned, key=f"{key}-again")
        raise


def _plan_again(row: Subscription, fresh: Document, planned: Document, *, key: str) -> None:
    asked_at = datetime.fromtimestamp(planned["asked_at"], UTC)
    wanted = _Planned(planned["price"], planned["interval"], asked_at)
    try:
        _schedule(row, {**fresh, "schedule": None}, wanted, key=key)
    except errors.Problem:
        log.exception("a planned change was not planned again", subscription=row.pk)


def refuse_beside_others(row: Subscription) -> None:
    """Refuse what Stripe would refuse, or undo, beside a change that somebody else planned."""
    if not scheduled_changes.is_ours_to_drop(row):
        raise errors.Conflict(say(Situation.ARRANGED_WITH_US))


def _look_again(row: Subscription) -> None:
    stripe_sync.record_subscription(row, stripe_calls.subscription(row.pk))


# --- Shown ----------------------------------------------------------------------------------------


def shown(row: Subscription | None) -> Document | None:
    """Return the change that is planned, for the page and the API."""
    change = scheduled_changes.waits(row) if row is not None else None
    if not change or not change["at"]:
        return None
    price = scheduled_changes.price_of(change)
    told = price.plan if price is not None else None
    return {
        "plan": {"code": told.code, "name": in_readers_language(told)} if told else None,
        "interval": price.interval if price is not None else None,
        "amount": change.get("amount"),
        "currency": change.get("currency", ""),
        "effective_at": scheduled_changes.comes_at(change),
        "detail": _said(change),
    }


def _said(change: Document) -> str:
    at, named = scheduled_changes.comes_at(change), scheduled_changes.named(change)
    if named:
        return say(Situation.CHANGES_AT_PERIOD_END, plan=named, date=at)
    return say(Situation.CHANGES_AS_ARRANGED, date=at)


def too_small(row: Subscription, *, used: int | None) -> Document | None:
    """Return the situation, with its facts for `say`, of a plan that will allow less than is in use."""
    change = scheduled_changes.waits(row)
    price = scheduled_changes.price_of(change) if change else None
    limit = price.plan.most_apartments if price is not None else None
    if change is None or limit is None or used is None or used <= limit:
        return None
    facts = {"date": scheduled_changes.comes_at(change), "limit": limit, "used": used}
    return {"situation": Situation.TOO_SMALL_THEN, **facts}
