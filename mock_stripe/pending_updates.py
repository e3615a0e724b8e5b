"""Changes of a subscription that wait for their payment: applied when it comes, dropped when not.

https://docs.stripe.com/billing/subscriptions/pending-updates
"""

from __future__ import annotations

from mock_stripe import invoices
from mock_stripe.errors import ApiError, invalid
from mock_stripe.events import emit, put_and_emit
from mock_stripe.expansion import NOTES
from mock_stripe.forms import Params
from mock_stripe.lines import items_of
from mock_stripe.store import Change
from mock_stripe.table import Document

PENDING = "pending_if_incomplete"
_UPDATED = "customer.subscription.updated"
# What may be given beside it; `metadata` since 2026-05-27.
_SUPPORTED = (
    "items", "payment_behavior", "proration_behavior", "proration_date", "billing_cycle_anchor",
    "trial_end", "trial_from_plan", "add_invoice_items", "metadata", "expand",
)  # fmt: skip
_OF_ITEMS = ("id", "price", "quantity")
_LONGEST = 23 * 3600
# What an update that waits may change, once it is applied.
_APPLIED = (
    "items", "billing_cycle_anchor", "status", "trial_end", "trial_start", "discounts", "metadata",
)  # fmt: skip


def check(params: Params, subscription: Document) -> None:
    """Refuse what Stripe does not take beside `pending_if_incomplete`."""
    for name in params.names():
        if name not in _SUPPORTED:
            raise _unsupported(name)
    for item in params.each("items"):
        for name in item.names():
            if name not in _OF_ITEMS:
                raise _unsupported(item.name_of(name))
    if subscription["collection_method"] == invoices.BY_INVOICE:
        raise invalid(
            "payment_behavior",
            f"`{PENDING}` can only be used with subscriptions whose collection_method is "
            "`charge_automatically`.",
        )


def _unsupported(name: str) -> ApiError:
    return invalid(
        name,
        f"When `payment_behavior` is set to `{PENDING}`, you can only pass supported params. "
        f"`{name}` is not supported.",
    )


def hold(
    change: Change, before: Document, after: Document, *, until: int | None = None
) -> Document:
    """Return the subscription as it was, with the change that its latest invoice is to pay for.

    `after` is the subscription as it will be, `latest_invoice` included. `until`: when the change
    is dropped, unless Stripe's usual time says so.
    """
    expires_at = until or _expires_at(change, before)
    changed = [item for item in items_of(after) if item not in items_of(before)]
    moved = after["billing_cycle_anchor"] != before["billing_cycle_anchor"]
    told = {
        "billing_cycle_anchor": after["billing_cycle_anchor"] if moved else None,
        "cancel_at_period_end": None,
        "discount": None,
        "discounts": None,
        "expires_at": expires_at,
        "metadata": after["metadata"] if after["metadata"] != before["metadata"] else None,
        "subscription_items": changed or None,
        "trial_end": after["trial_end"] if after["trial_end"] != before["trial_end"] else None,
        "trial_from_plan": None,
    }
    waiting = {
        "invoice": after["latest_invoice"],
        "fields": {name: after[name] for name in _APPLIED},
        "pending_lines": after[NOTES]["pending_lines"],
    }
    return before | {
        "latest_invoice": after["latest_invoice"],
        "pending_update": told,
        NOTES: before[NOTES] | {"waiting": waiting},
    }


def _expires_at(change: Change, subscription: Document) -> int:
    ends = [item["current_period_end"] for item in items_of(subscription)]
    if subscription["status"] == "trialing":
        ends.append(subscription["trial_end"])
    return int(min([change.now + _LONGEST, *ends]))


def is_for(subscription: Document, invoice: Document) -> bool:
    """Say whether an update waits for just this invoice."""
    waiting = subscription[NOTES].get("waiting")
    return bool(waiting) and waiting["invoice"] == invoice["id"]


def apply(change: Change, before: Document) -> Document:
    """Let the update come into force whose invoice has been paid."""
    waiting = before[NOTES]["waiting"]
    after: Document = _without(before) | waiting["fields"]
    after[NOTES] |= {"pending_lines": waiting["pending_lines"]}
    put_and_emit(change, _UPDATED, before, after)
    if before["status"] == "paused":
        emit(change, "customer.subscription.resumed", after, {"status": "paused"})
    else:
        emit(change, "customer.subscription.pending_update_applied", after)
    return after


def drop(change: Change, before: Document, *, expired: bool = False) -> Document:
    """Discard the update that waits, if there is one, and void its invoice."""
    waiting = before[NOTES].get("waiting")
    if not waiting:
        return before
    after = put_and_emit(change, _UPDATED, before, _without(before))
    invoice = change.fetch("invoice", waiting["invoice"])
    if invoice["status"] == "open":
        invoices.void(change, invoice)
    if expired:
        emit(change, "customer.subscription.pending_update_expired", after)
    return after


def is_due(subscription: Document, now: int) -> bool:
    """Say whether the time is over that an update has waited for its payment."""
    pending = subscription["pending_update"]
    return pending is not None and pending["expires_at"] <= now


def _without(subscription: Document) -> Document:
    notes = {name: note for name, note in subscription[NOTES].items() if name != "waiting"}
    return subscription | {"pending_update": None, NOTES: notes}
