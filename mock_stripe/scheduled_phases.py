"""How a subscription follows the schedule that it is attached to: next phase, end, cancellation."""

from __future__ import annotations

from mock_stripe.events import emit, put_and_emit
from mock_stripe.lines import items_of
from mock_stripe.store import Change
from mock_stripe.subscribing import new_item, plan_of
from mock_stripe.table import Document

UPDATED = "subscription_schedule.updated"
# What a schedule's status must be for anything to be done with it.
OPEN = ("not_started", "active")


def schedule_of(change: Change, subscription: Document) -> Document | None:
    """Return the schedule that manages a subscription, if one does."""
    return change.get("subscription_schedule", subscription["schedule"])


def phase_item(price_id: str, quantity: int) -> Document:
    """Return an item as phases have it."""
    return {
        "billing_thresholds": None,
        "discounts": [],
        "metadata": {},
        "plan": price_id,
        "price": price_id,
        "quantity": quantity,
        "tax_rates": [],
    }


def current_items(subscription: Document) -> list[Document]:
    """Return what a subscription is charged for, as phases have it."""
    return [phase_item(item["price"]["id"], item["quantity"]) for item in items_of(subscription)]


def ahead(change: Change, subscription: Document) -> Document:
    """Return a subscription with the items that its schedule gives it once its period ends."""
    schedule = schedule_of(change, subscription)
    phase = _next_phase(schedule, _period_end(subscription)) if schedule else None
    return subscription if phase is None else _in_phase(change, subscription, phase)


def follow_renewal(change: Change, before: Document) -> str | None:
    """Move the schedule of a subscription on whose period ends; return the schedule that it has then."""
    schedule = schedule_of(change, before)
    if schedule is None:
        return None
    end = _period_end(before)
    phase = _next_phase(schedule, end)
    if phase is not None:
        moved = schedule | {"current_phase": _times(phase)}
        put_and_emit(change, UPDATED, schedule, moved)
    elif schedule["current_phase"]["end_date"] <= end:
        release(change, schedule, subscription=None)
        return None
    return str(schedule["id"])


def release(change: Change, schedule: Document, *, subscription: Document | None) -> Document:
    """Let a subscription go on by itself; without it given, whoever calls writes it."""
    released = schedule | {
        "current_phase": None,
        "released_at": change.now,
        "released_subscription": schedule["subscription"],
        "status": "released",
        "subscription": None,
    }
    change.put(released)
    if subscription is not None:
        after = subscription | {"schedule": None}
        put_and_emit(change, "customer.subscription.updated", subscription, after)
    emit(change, "subscription_schedule.released", released)
    return released


def end_with(change: Change, subscription: Document, *, delinquent: bool) -> None:
    """End the schedule of a subscription that has ended."""
    schedule = schedule_of(change, subscription)
    if schedule is None or schedule["status"] not in OPEN:
        return
    ended = schedule | {"canceled_at": change.now, "current_phase": None, "status": "canceled"}
    word = "aborted" if delinquent else "canceled"
    emit(change, f"subscription_schedule.{word}", change.put(ended))


def follow_change(change: Change, subscription: Document) -> None:
    """Write what a subscription was changed to by itself into the current phase of its schedule."""
    schedule = schedule_of(change, subscription)
    if schedule is None:
        return
    phases = [
        phase | {"items": current_items(subscription)}
        if _times(phase) == schedule["current_phase"]
        else phase
        for phase in schedule["phases"]
    ]
    put_and_emit(change, UPDATED, schedule, schedule | {"phases": phases})


def _times(phase: Document) -> Document:
    return {"start_date": phase["start_date"], "end_date": phase["end_date"]}


def _period_end(subscription: Document) -> int:
    return min(int(item["current_period_end"]) for item in items_of(subscription))


def _next_phase(schedule: Document, end: int) -> Document | None:
    """Return the phase that begins by this end of a period, if it is not there yet."""
    began = schedule["current_phase"]["start_date"]
    due = [phase for phase in schedule["phases"] if began < phase["start_date"] <= end]
    return due[-1] if due else None


def _in_phase(change: Change, subscription: Document, phase: Document) -> Document:
    items = items_of(subscription)
    wanted = [(each["price"], each["quantity"]) for each in phase["items"]]
    kept = {item["price"]["id"]: item for item in items}
    # A price that is new takes the place of one that goes: Stripe keeps the item.
    free = [item for item in items if item["price"]["id"] not in dict(wanted)]
    data = []
    for price_id, quantity in wanted:
        item = kept.get(price_id) or (free.pop(0) if free else None)
        price = change.fetch("price", price_id)
        if item is None:
            item = new_item(subscription["id"], price, quantity, start=change.now, trial_end=None)
            item |= {
                name: items[0][name] for name in ("current_period_start", "current_period_end")
            }
        data.append(item | {"price": price, "plan": plan_of(price), "quantity": quantity})
    listed = subscription["items"] | {"data": data, "total_count": len(data)}
    return subscription | {"items": listed}
