"""A change of plan as Stripe is to be told of it, and what its previews say that it costs."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime
from typing import Any

from billing import stripe_sync, trials, upcoming
from billing.models import Price, Subscription
from billing.owners import cost_lines, stripe_calls
from billing.words import Situation, say


def items(row: Subscription, price: Price, at: datetime) -> dict[str, Any]:
    """Return what to ask of Stripe for a change at once, counted from this moment."""
    if row.status == "trialing":  # nothing is paid yet, so nothing is to be settled
        return {**_plans_item(row, price), **_trial(row, price)}
    return {
        **_plans_item(row, price),
        # Settled at once: what the preview says is what is charged, and nothing is left over.
        "proration_behavior": "always_invoice",
        "proration_date": int(at.timestamp()),
    }


def _plans_item(row: Subscription, price: Price) -> dict[str, Any]:
    # The plan's item alone, its quantity as it is: add-ons stay what they are.
    item = {"id": row.item_id, "price": price.stripe_price_id, "quantity": row.quantity}
    return {"items": [item]}


def _trial(row: Subscription, price: Price) -> dict[str, Any]:
    effect = trials.effect_of_change(row, price.plan)
    if effect is None or effect.situation is Situation.TRIAL_KEPT:
        return {}
    return {"trial_end": int(effect.ends_at.timestamp()) if effect.ends_at else "now"}


def costs_now(row: Subscription, price: Price, at: datetime) -> dict[str, Any]:
    """Return what Stripe's previews say of a change: what it costs now, and what comes after."""
    effect = trials.effect_of_change(row, price.plan)
    runs_on = effect is not None and effect.ends_at is not None
    invoice = stripe_calls.preview(row.pk, change=items(row, price, at))
    charge = upcoming.charge_of(invoice)
    coming = _at_trials_end(charge, effect) if runs_on else _after(row, price, invoice)
    return {
        "plan": price.plan.code,
        "interval": price.interval,
        "currency": price.currency,
        "at": at,
        "lines": [] if runs_on else [cost_lines.told(row, line) for line in _lines_of(invoice)],
        "discount": 0 if runs_on else charge.discount,
        "tax": 0 if runs_on else charge.tax,
        "due_now": 0 if runs_on else invoice["amount_due"],
        "credit": coming["credit"],
        "trial": _told_of_trial(effect),
        "next_charge": coming,
        "effective_at": None,
    }


def costs_then(row: Subscription, price: Price, at: datetime) -> dict[str, Any]:
    """Return what a change costs that waits for the period's end: nothing now, and what comes then."""
    coming = _charge_then(row, price)
    return {
        "plan": price.plan.code,
        "interval": price.interval,
        "currency": price.currency,
        "at": at,
        "lines": [],
        "discount": 0,
        "tax": 0,
        "due_now": 0,
        "credit": coming["credit"],
        "trial": None,
        "next_charge": {**coming, "at": row.current_period_end},
        "effective_at": row.current_period_end,
    }


def _charge_then(row: Subscription, price: Price) -> dict[str, Any]:
    """Return the first charge of a plan that begins with the next period.

    Stripe shows it as the next invoice of a subscription whose items were changed without settling
    anything. Another interval would begin at once, so there it is a later period's, less the credit.
    """
    change = _plans_item(row, price)
    if (price.interval, 1) == (row.interval, row.interval_count):
        unsettled = {**change, "proration_behavior": "none"}
        return asdict(upcoming.charge_of(stripe_calls.preview(row.pk, change=unsettled)))
    balance = (stripe_calls.upcoming(row.pk) or {}).get("starting_balance") or 0
    each = stripe_calls.preview(row.pk, change=change, recurring=True)
    due = max(0, each["total"] + balance)
    return asdict(upcoming.charge_of({**each, "starting_balance": balance, "amount_due": due}))


def _at_trials_end(
    charge: upcoming.NextCharge, effect: trials.TrialEffect | None
) -> dict[str, Any]:
    """Return the charge at the end of a trial that runs on: nothing is charged before."""
    return {**asdict(charge), "at": effect.ends_at if effect else None}


def _after(row: Subscription, price: Price, invoice: dict[str, Any]) -> dict[str, Any]:
    """Return the charge that follows a change which is settled now, less what credit it leaves."""
    each = stripe_calls.preview(row.pk, change=_plans_item(row, price), recurring=True)
    balance = invoice.get("ending_balance") or 0
    due = max(0, each["total"] + balance)
    coming = upcoming.charge_of({**each, "starting_balance": balance, "amount_due": due})
    ends = stripe_sync.moment(
        max((line["period"]["end"] for line in invoice["lines"]["data"]), default=None)
    )
    return {**asdict(coming), "at": ends}


def _told_of_trial(effect: trials.TrialEffect | None) -> dict[str, Any] | None:
    if effect is None:
        return None
    told = say(effect.situation, date=effect.ends_at)
    return {"effect": effect.situation, "ends_at": effect.ends_at, "detail": told}


def _lines_of(invoice: dict[str, Any]) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = invoice["lines"]["data"]
    return lines
