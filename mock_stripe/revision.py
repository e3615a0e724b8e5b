"""What a subscription becomes when the API changes it, and what that costs. Writes nothing."""

from __future__ import annotations

from dataclasses import dataclass

from mock_stripe import discounts
from mock_stripe.catalogue import fetch_recurring
from mock_stripe.errors import invalid, missing_parameter, no_such
from mock_stripe.forms import Params
from mock_stripe.invoices import BY_INVOICE
from mock_stripe.lines import items_of, prorations, regular
from mock_stripe.store import Change
from mock_stripe.subscribing import new_item, plan_of, restarted
from mock_stripe.table import Document

# Stripe's own limit: two years.
_LONGEST_TRIAL = 730 * 86_400
_MOST_ITEMS = 20


@dataclass(frozen=True, kw_only=True)
class Revision:
    """A changed subscription, the lines that the change costs, and whether they are billed now."""

    subscription: Document
    lines: list[Document]
    bill_now: bool


def revised(change: Change, params: Params, before: Document) -> Revision:
    """Return what these parameters make of a subscription."""
    after = _with_ending(change, params, _with_fields(change, params, before))
    after = _with_items(change, params, after)
    behaviour = params.choice(
        "proration_behavior", "create_prorations", "always_invoice", "none"
    ) or "create_prorations"  # fmt: skip
    at = params.integer("proration_date") or change.now
    if params.text("trial_end") == "now" and before["status"] == "trialing":
        after = restarted(after, change.now) | {"status": "active", "trial_end": change.now}
        return Revision(subscription=after, lines=regular(change, after), bill_now=True)
    if before["status"] == "trialing" or "items" not in params:
        return Revision(subscription=after, lines=[], bill_now=False)
    if moved := _at_another_interval(before, after):
        # Another interval starts a new period today, paid in full, less what was left of the old.
        after = restarted(after, at, only=moved)
        again = [item for item in items_of(after) if item["id"] in moved]
        back = [line for line in prorations(change, before, after, at=at) if line["amount"] < 0]
        return Revision(
            subscription=after,
            lines=[
                *(back if behaviour != "none" else []),
                *regular(change, after, items=again),
            ],
            bill_now=True,
        )
    lines = [] if behaviour == "none" else prorations(change, before, after, at=at)
    bill_now = bool(lines) and behaviour == "always_invoice"
    return Revision(subscription=after, lines=lines, bill_now=bill_now)


def _with_fields(change: Change, params: Params, subscription: Document) -> Document:
    after = subscription | {"metadata": params.merged_metadata(subscription["metadata"])}
    if "description" in params:
        after["description"] = params.text("description")
    card = params.text("default_payment_method")
    if card is not None:
        change.fetch("payment_method", card, param="default_payment_method")
        after["default_payment_method"] = card
    if "pause_collection" in params:
        after["pause_collection"] = _pause(params)
    if "discounts" in params:
        after["discounts"] = discounts.redeemed(change, params, subscription)
    after |= terms(params, subscription)
    trial_end = params.text("trial_end")
    if trial_end not in {None, "now"}:
        after |= _trial_until(params.integer("trial_end") or 0, after, change.now)
    return after


def terms(params: Params, before: Document) -> Document:
    """Return how a subscription is paid, and what a trial's end does where there is no card."""
    method = params.choice("collection_method", "charge_automatically", BY_INVOICE)
    method = method or before["collection_method"]
    days = params.integer("days_until_due") if "days_until_due" in params else (
        before["days_until_due"]
    )  # fmt: skip
    if method == BY_INVOICE and days is None:
        raise missing_parameter("days_until_due")
    if method != BY_INVOICE:
        if params.integer("days_until_due") is not None:
            raise invalid("days_until_due", "days_until_due is for subscriptions whose "
                                            "collection_method is `send_invoice`.")  # fmt: skip
        days = None
    told = {"collection_method": method, "days_until_due": days}
    if "trial_settings" not in params:
        return told
    behaviour = trial_end_behaviour(params.nested("trial_settings"))
    return told | {"trial_settings": {"end_behavior": {"missing_payment_method": behaviour}}}


def trial_end_behaviour(given: Params) -> str:
    """Return what is to be done when a trial ends without a card."""
    given.only("end_behavior")
    end = given.nested("end_behavior")
    end.only("missing_payment_method")
    end.required("missing_payment_method")
    return end.choice("missing_payment_method", "cancel", "create_invoice", "pause") or ""


def _pause(params: Params) -> Document | None:
    if not params.is_nested("pause_collection"):
        return None
    given = params.nested("pause_collection")
    given.only("behavior", "resumes_at")
    given.required("behavior")
    behaviour = given.choice("behavior", "keep_as_draft", "mark_uncollectible", "void")
    return {"behavior": behaviour, "resumes_at": given.integer("resumes_at")}


def _trial_until(end: int, subscription: Document, now: int) -> Document:
    if not now < end <= now + _LONGEST_TRIAL:
        raise invalid("trial_end", "Invalid timestamp: must be an integer Unix timestamp in the "
                                   "future.")  # fmt: skip
    items = [
        item | {"current_period_start": now, "current_period_end": end}
        for item in items_of(subscription)
    ]
    return {
        "billing_cycle_anchor": end,
        "items": subscription["items"] | {"data": items},
        "status": "trialing",
        "trial_end": end,
        "trial_start": subscription["trial_start"] or now,
    }


def _with_ending(change: Change, params: Params, subscription: Document) -> Document:
    if "cancel_at" in params and "cancel_at_period_end" in params:
        raise invalid(
            "cancel_at", "You may only specify one of these: cancel_at, cancel_at_period_end."
        )
    if "cancel_at_period_end" in params:
        at_end = bool(params.boolean("cancel_at_period_end"))
        end = max(item["current_period_end"] for item in items_of(subscription))
        return subscription | _ending(subscription, end if at_end else None, change.now) | {
            "cancel_at_period_end": at_end
        }  # fmt: skip
    if "cancel_at" in params:
        at = params.integer("cancel_at")
        if at is not None and at <= change.now:
            raise invalid("cancel_at", "cancel_at must be in the future.")
        return (
            subscription | _ending(subscription, at, change.now) | {"cancel_at_period_end": False}
        )
    return subscription


def _ending(subscription: Document, at: int | None, now: int) -> Document:
    return {
        "cancel_at": at,
        "canceled_at": None if at is None else now,
        "cancellation_details": subscription["cancellation_details"]
        | {"reason": None if at is None else "cancellation_requested"},
    }


def _with_items(change: Change, params: Params, subscription: Document) -> Document:
    if "items" not in params:
        return subscription
    items = {item["id"]: item for item in items_of(subscription)}
    for given in params.each("items"):
        given.only("id", "price", "quantity", "deleted", "metadata", "clear_usage")
        item = _given_item(change, given, subscription, items)
        if given.boolean("deleted"):
            del items[item["id"]]
        else:
            items[item["id"]] = item
    data = list(items.values())
    check_together(data, currency=subscription["currency"])
    return subscription | {
        "items": subscription["items"] | {"data": data, "total_count": len(data)}
    }


def check_together(data: list[Document], *, currency: str) -> None:
    """Refuse items that can't be of one subscription."""
    if not data:
        raise invalid("items", "A subscription must have at least one active plan.")
    if len(data) > _MOST_ITEMS:
        raise invalid("items", f"A subscription may have {_MOST_ITEMS} items at most.")
    prices = [item["price"]["id"] for item in data]
    if twice := next((price for price in prices if prices.count(price) > 1), None):
        raise invalid(
            "items", f"Cannot add multiple subscription items with the same plan: {twice}"
        )
    if {item["price"]["currency"] for item in data} != {currency}:
        raise invalid("items", "Currency and interval fields must match across all plans.")


def _given_item(
    change: Change, given: Params, subscription: Document, items: dict[str, Document]
) -> Document:
    item_id = given.text("id")
    price = None
    if "price" in given:
        name = given.name_of("price")
        price = fetch_recurring(change, given.required("price"), param=name)
    quantity = given.integer("quantity")
    if quantity is not None and quantity < 0:
        raise invalid(given.name_of("quantity"), "Invalid non-negative integer")
    if item_id is None:
        if price is None:
            raise invalid(given.name_of("price"), "A new item needs a price.")
        return _added(change, subscription, price, 1 if quantity is None else quantity)
    if item_id not in items:
        raise no_such("subscription_item", item_id, param=given.name_of("id"), status=400)
    item = items[item_id]
    if price is not None:
        item = item | {"price": price, "plan": plan_of(price)}
    return item if quantity is None else item | {"quantity": quantity}


def _added(change: Change, subscription: Document, price: Document, quantity: int) -> Document:
    item = new_item(subscription["id"], price, quantity, start=change.now, trial_end=None)
    if subscription["status"] == "trialing":
        beside: Document | None = items_of(subscription)[0]
    else:
        beside = next(
            (old for old in items_of(subscription) if _interval_of(old) == _interval_of(item)), None
        )
    if beside is None:  # in flexible billing mode an interval of its own is a period of its own
        return item
    return item | {
        "current_period_end": beside["current_period_end"],
        "current_period_start": beside["current_period_start"],
    }


def _at_another_interval(before: Document, after: Document) -> set[str]:
    old = {item["id"]: _interval_of(item) for item in items_of(before)}
    return {
        item["id"]
        for item in items_of(after)
        if item["id"] in old and old[item["id"]] != _interval_of(item)
    }


def _interval_of(item: Document) -> tuple[str, int]:
    recurring = item["price"]["recurring"]
    return recurring["interval"], recurring["interval_count"]
