"""Subscriptions as the API reads and changes them."""

from __future__ import annotations

from mock_stripe import transitions
from mock_stripe.calls import LIST_PARAMS, Call, Route, list_object, page, retrieve
from mock_stripe.cancellation import cancel_now
from mock_stripe.errors import ApiError, missing_parameter, no_such
from mock_stripe.events import emit, previous_of
from mock_stripe.expansion import NOTES
from mock_stripe.forms import Params, Tree
from mock_stripe.lines import items_of
from mock_stripe.revision import revised
from mock_stripe.table import Document, Where

_ENDED = ("canceled", "incomplete_expired")
_LIVE = ("active", "trialing", "past_due", "unpaid", "paused", "incomplete")
_ITEM_PARAMS = (
    "metadata", "proration_behavior", "proration_date", "payment_behavior", "expand",
)  # fmt: skip
_UPDATE_PARAMS = (
    "items", "metadata", "description", "cancel_at", "cancel_at_period_end",
    "cancellation_details", "pause_collection", "proration_behavior", "proration_date",
    "payment_behavior", "trial_end", "default_payment_method", "off_session",
    "billing_cycle_anchor", "expand",
)  # fmt: skip


def _list(call: Call) -> Document:
    params = call.params
    params.only(*LIST_PARAMS, "customer", "status", "price")
    where: dict[str, set[str]] = {}
    if "customer" in params:
        where["customer"] = {params.required("customer")}
    status = params.choice("status", "all", "ended", *_LIVE, *_ENDED)
    if status == "ended":
        where["status"] = set(_ENDED)
    elif status is None:
        where["status"] = {*_LIVE}
    elif status != "all":
        where["status"] = {status}
    price = params.text("price")

    def keep(subscription_id: str) -> bool:
        items = items_of(call.change.fetch("subscription", subscription_id))
        return price in {item["price"]["id"] for item in items}

    return page(call, "subscription", where, keep=keep if price else None)


def _update(call: Call) -> Document:
    call.params.only(*_UPDATE_PARAMS)
    return _revise(call, call.change.fetch("subscription", call.id), call.params)


def _revise(call: Call, before: Document, params: Params) -> Document:
    change = call.change
    if before["ended_at"] is not None and set(params.names()) - {"metadata", "expand"}:
        raise ApiError(
            400, "A canceled subscription can only update its cancellation_details and metadata."
        )
    behaviour = params.choice("payment_behavior", *transitions.BEHAVIOURS) or "allow_incomplete"
    revision = revised(change, params, before)
    after = revision.subscription
    if revision.bill_now:
        after = transitions.bill_change(change, after, revision.lines, behaviour=behaviour)
    else:
        kept = after[NOTES]["pending_lines"] + revision.lines
        after = after | {NOTES: after[NOTES] | {"pending_lines": kept}}
    change.put(after)
    previous = previous_of(before, after)
    if previous:
        emit(change, "customer.subscription.updated", after, previous)
    return after


def _cancel(call: Call) -> Document:
    params = call.params
    params.only("invoice_now", "prorate", "cancellation_details", "expand")
    subscription = call.change.fetch("subscription", call.id)
    if subscription["ended_at"] is not None:
        # Stripe, too, answers as if it were gone.
        raise no_such("subscription", call.id)
    given = params.nested("cancellation_details")
    given.only("comment", "feedback")
    details = {name: given.text(name) for name in given.names()}
    return cancel_now(call.change, subscription, reason="cancellation_requested", details=details)


def _resume(call: Call) -> Document:
    call.params.only("billing_cycle_anchor", "proration_behavior", "proration_date", "expand")
    subscription = call.change.fetch("subscription", call.id)
    if subscription["status"] != "paused":
        raise ApiError(
            400,
            "Only subscriptions with status `paused` can be resumed; this one is "
            f"`{subscription['status']}`.",
        )
    return transitions.move(call.change, subscription, "active")


def _items(call: Call) -> Document:
    params = call.params
    params.only("subscription", "limit", "starting_after", "ending_before", "expand")
    if "subscription" not in params:
        raise missing_parameter("subscription")
    subscription = call.change.fetch(
        "subscription", params.required("subscription"), param="subscription"
    )
    return list_object(items_of(subscription), url=call.url)


def _item(call: Call) -> Document:
    call.params.only("expand")
    items = items_of(_subscription_with(call))
    return next(item for item in items if item["id"] == call.id)


def _create_item(call: Call) -> Document:
    call.params.only("subscription", "price", "quantity", *_ITEM_PARAMS)
    given = call.params.names()
    if "subscription" not in given:
        raise missing_parameter("subscription")
    subscription = call.change.fetch(
        "subscription", call.params.required("subscription"), param="subscription"
    )
    call.params.required("price")
    before = {item["id"] for item in items_of(subscription)}
    after = _changed_items(call, subscription, {})
    return next(item for item in items_of(after) if item["id"] not in before)


def _update_item(call: Call) -> Document:
    call.params.only("price", "quantity", *_ITEM_PARAMS)
    after = _changed_items(call, _subscription_with(call), {"id": call.id})
    return next(item for item in items_of(after) if item["id"] == call.id)


def _delete_item(call: Call) -> Document:
    call.params.only("proration_behavior", "proration_date", "payment_behavior", "clear_usage")
    _changed_items(call, _subscription_with(call), {"id": call.id, "deleted": "true"})
    return {"id": call.id, "object": "subscription_item", "deleted": True}


def _changed_items(call: Call, before: Document, item: Tree) -> Document:
    """Change one item as an update of its subscription would, which is what Stripe does."""
    given = call.params
    item = item | {name: given.required(name) for name in ("price", "quantity") if name in given}
    told = ("proration_behavior", "proration_date", "payment_behavior")
    tree: Tree = {name: given.required(name) for name in told if name in given}
    return _revise(call, before, Params(tree | {"items": {"0": item}}))


def _subscription_with(call: Call) -> Document:
    for subscription_id in call.change.walk("subscription", _EVERY):
        subscription = call.change.fetch("subscription", subscription_id)
        if call.id in {item["id"] for item in items_of(subscription)}:
            return subscription
    raise no_such("subscription_item", call.id)


_EVERY: Where = {}

ROUTES: list[Route] = [
    ("GET", "/v1/subscriptions", _list),
    ("GET", "/v1/subscriptions/<id>", retrieve("subscription")),
    ("POST", "/v1/subscriptions/<id>", _update),
    ("DELETE", "/v1/subscriptions/<id>", _cancel),
    ("POST", "/v1/subscriptions/<id>/resume", _resume),
    ("GET", "/v1/subscription_items", _items),
    ("POST", "/v1/subscription_items", _create_item),
    ("GET", "/v1/subscription_items/<id>", _item),
    ("POST", "/v1/subscription_items/<id>", _update_item),
    ("DELETE", "/v1/subscription_items/<id>", _delete_item),
]
