"""A change of plan that comes when the period ends: planned at Stripe by a subscription schedule.

Stripe shows it as the subscription's `schedule`, whose next phase has the new price. Ours bears our mark
in its metadata; what somebody planned in the Dashboard is shown, and nobody here touches it.
https://docs.stripe.com/billing/subscriptions/subscription-schedules
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from billing import intervals, subscription_items
from billing.models import Price, Subscription
from billing.plans import in_readers_language

Document = dict[str, Any]
_MARK = {"planned_by": "owner"}


def metadata(*, price_id: str, asked_at: datetime) -> dict[str, str]:
    """Return what a schedule of ours says of itself."""
    return {**_MARK, "price": price_id, "asked_at": str(int(asked_at.timestamp()))}


def write(row: Subscription, fresh: Document) -> None:
    """Note on a mirrored subscription what is planned for it, or came by a plan of ours.

    Call it when the rest has been written. A schedule that came as its id alone says nothing new.
    """
    schedule = fresh.get("schedule")
    if isinstance(schedule, str):
        known = (row.scheduled_change or {}).get("schedule") == schedule
        row.schedule_id, row.scheduled_change = schedule, row.scheduled_change if known else None
        return
    row.schedule_id = str((schedule or {}).get("id") or "")
    row.scheduled_change = _told(row, schedule, fresh) if schedule else None


def _told(row: Subscription, schedule: Document, fresh: Document) -> Document | None:
    note = schedule.get("metadata") or {}
    ours = _MARK.items() <= note.items()
    told = {
        "schedule": schedule["id"],
        "made_here": ours,
        "asked_at": int(note.get("asked_at") or 0) if ours else 0,
    }
    phase = next_phase(schedule)
    if phase is not None:
        terms = _terms(row, phase, fresh)
        # The plan was changed to it meanwhile, at Stripe: nothing of ours is left to come.
        nothing = ours and not terms["price"]
        return None if nothing else {**told, "came": False, "at": phase["start_date"], **terms}
    current = current_phase(schedule)
    if ours and current and row.price_id == note.get("price"):
        terms = {
            "price": row.price_id,
            "plan": row.plan.code if row.plan else "",
            "currency": row.currency,
            "interval": row.interval,
        }
        return {**told, "came": True, "at": current["start_date"], **terms}
    # Nothing is planned any more. What ends with a cancellation shows that as the subscription's.
    if schedule.get("end_behavior") == "cancel":
        return {**told, "made_here": False, "came": False, "at": None, "price": "", "plan": ""}
    return None


def _terms(row: Subscription, phase: Document, fresh: Document) -> Document:
    """Return which price comes: of what is new, the one that is ours, or else the only one."""
    charged = {_id(item.get("price")) for item in subscription_items.of(fresh)}
    new = [
        _full(item) for item in phase.get("items") or () if _id(item.get("price")) not in charged
    ]
    item = subscription_items.plans_item(new, known="") or {}
    price = item.get("price") or {}
    plan = subscription_items.plan_of(price) if price else None
    recurring = price.get("recurring") or {}
    return {
        "price": _id(price),
        "plan": plan.code if plan else "",
        "amount": subscription_items.amount_of(item) if item else None,
        "currency": str(price.get("currency") or row.currency),
        "interval": str(recurring.get("interval") or ""),
    }


def next_phase(schedule: Document) -> Document | None:
    """Return the phase that follows the current one, if one does."""
    current = schedule.get("current_phase")
    phases: list[Document] = schedule.get("phases") or []
    if not current:
        return None
    later = [phase for phase in phases if phase["start_date"] >= current["end_date"]]
    return min(later, key=lambda phase: int(phase["start_date"]), default=None)


def current_phase(schedule: Document) -> Document | None:
    """Return the phase that the subscription is in, if the schedule is at work."""
    began = (schedule.get("current_phase") or {}).get("start_date")
    phases: list[Document] = schedule.get("phases") or []
    return next((phase for phase in phases if phase["start_date"] == began), None)


def _full(item: Document) -> Document:
    price = item.get("price")
    return item if isinstance(price, dict) else {**item, "price": {"id": price}}


def _id(price: Any) -> str:
    return str((price.get("id") if isinstance(price, dict) else price) or "")


def waits(row: Subscription) -> Document | None:
    """Return the change that is planned and has not come yet."""
    change: Document | None = row.scheduled_change
    return change if change and not change["came"] else None


def is_ours_to_drop(row: Subscription) -> bool:
    """Whether nobody else planned anything: what has nothing more to do is in nobody's way."""
    change = row.scheduled_change
    return change is None or bool(change["made_here"])


def comes_at(change: Document) -> datetime | None:
    """Return when a planned change comes."""
    return datetime.fromtimestamp(change["at"], UTC) if change["at"] else None


def price_of(change: Document) -> Price | None:
    """Return our price that a planned change leads to; by its plan, if it was replaced since."""
    prices = Price.objects.select_related("plan")
    if found := prices.filter(stripe_price_id=change["price"] or None).first():
        return found
    return prices.filter(
        plan__code=change["plan"],
        interval=change.get("interval", ""),
        currency=change.get("currency"),
    ).first()


def named(change: Document) -> str:
    """Return what a planned change leads to, as its reader knows it; nothing if that is not ours."""
    price = price_of(change)
    if price is None:
        return ""
    return f"{in_readers_language(price.plan)} ({intervals.every(price.interval, 1)})"
