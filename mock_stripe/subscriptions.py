"""Subscriptions as the API reads and changes them."""

from __future__ import annotations

from mock_stripe import pending_updates, resumption, scheduled_phases, transitions
from mock_stripe.calls import LIST_PARAMS, Call, Route, list_object, page, retrieve
from mock_stripe.cancellation import cancel_now
from mock_stripe.errors import ApiError, invalid, missing_parameter, no_such
from mock_stripe.events import emit, previous_of
from mock_stripe.expansion import NOTES
from mock_stripe.forms import Params, Tree
from mock_stripe.lines import items_of
from mock_stripe.revision import revised
from mock_stripe.store import Change
from mock_stripe.subscription_creation import create_subscription
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
    "billing_cycle_anchor", "collection_method", "days_until_due", "discounts", "trial_settings",
    "expand",
)  # fmt: skip


def _list(call: Call) -> Document:
    params = call.params
    params.only(*LIST_PARAMS, "customer", "status", "price", "test_clock")
    where = {name: {params.required(name)} for name in ("customer", "test_clock") if name in params}
    of_anybody = not where
    status = params.choice("status", "all", "ended", *_LIVE, *_ENDED)
    if status == "ended":
        where["status"] = set(_ENDED)
    elif status is None:
        where["status"] = {*_LIVE}
    elif status != "all":
        where["status"] = {status}
    price = params.text("price")

    def keep(subscription_id: str) -> bool:
        found = call.change.fetch("subscription", subscription_id)
        if of_anybody and found["test_clock"] is not None:  # asked for by name alone
            return False
        return price is None or price in {item["price"]["id"] for item in items_of(found)}

    return page(call, "subscription", where, keep=keep)


def _update(call: Call) -> Document:
    call.params.only(*_UPDATE_PARAMS)
    return _revise(call, call.change.fetch("subscription", call.id), call.params)


def _revise(call: Call, before: Document, params: Params) -> Document:
    change = call.change
    if before["ended_at"] is not None and set(params.names()) - {"metadata", "expand"}:
        raise ApiError(
            400, "A canceled subscription can only update its cancellation_details and metadata."
        )
    _refuse_beside_schedule(before, params)
    behaviours = (*transitions.BEHAVIOURS, pending_updates.PENDING)
    behaviour = params.choice("payment_behavior", *behaviours) or "allow_incomplete"
    if behaviour == pending_updates.PENDING:
        pending_updates.check(params, before)
    if "items" in params:  # whatever waits for its payment is replaced
        before = pending_updates.drop(change, before)
    revision = revised(change, params, before)
    after = revision.subscription
    if revision.bill_now:
        after = transitions.bill_change(
            change, after, revision.lines, before=before, behaviour=behaviour
        )
    else:
        kept = after[NOTES]["pending_lines"] + revision.lines
        after = after | {NOTES: after[NOTES] | {"pending_lines": kept}}
    change.put(after)
    previous = previous_of(before, after)
    if previous:
        emit(change, "customer.subscription.updated", after, previous)
        scheduled_phases.follow_change(change, after)
    return after


def _refuse_beside_schedule(before: Document, params: Params) -> None:
    if before["schedule"] and {"cancel_at", "cancel_at_period_end"} & set(params.names()):
        raise ApiError(
            400,
            f"The subscription is managed by the subscription schedule `{before['schedule']}`, and "
            "updating any cancelation behavior directly is not allowed. Please update the schedule "
            "instead.",
        )


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
    subscription = pending_updates.drop(call.change, subscription)
    return cancel_now(call.change, subscription, reason="cancellation_requested", details=details)


def _resume(call: Call) -> Document:
    params = call.params
    params.only(
        "billing_cycle_anchor", "payment_behavior", "proration_behavior", "proration_date", "expand"
    )
    anchor = params.nested("billing_cycle_anchor")
    anchor.only("type")
    if anchor.choice("type", "now", "unchanged") == "unchanged":
        raise invalid("billing_cycle_anchor[type]", "The mock resumes from now alone.")
    behaviour = params.choice("payment_behavior", *resumption.BEHAVIOURS) or resumption.USUAL
    subscription = call.change.fetch("subscription", call.id)
    if subscription["status"] != "paused":
        raise ApiError(
            400,
            "Only subscriptions with status `paused` can be resumed; this one is "
            f"`{subscription['status']}`.",
        )
    return resumption.resume(call.change, subscription, behaviour=behaviour)


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
    items = items_of(of_item(call.change, call.id))
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
    after = _changed_items(call, of_item(call.change, call.id), {"id": call.id})
    return next(item for item in items_of(after) if item["id"] == call.id)


def _delete_item(call: Call) -> Document:
    call.params.only("proration_behavior", "proration_date", "payment_behavior", "clear_usage")
    _changed_items(call, of_item(call.change, call.id), {"id": call.id, "deleted": "true"})
    return {"id": call.id, "object": "subscription_item", "deleted": True}


def _changed_items(call: Call, before: Document, item: Tree) -> Document:
    """Change one item as an update of its subscription would, which is what Stripe does."""
    given = call.params
    item = item | {name: given.required(name) for name in ("price", "quantity") if name in given}
    told = ("proration_behavior", "proration_date", "payment_behavior")
    tree: Tree = {name: given.required(name) for name in told if name in given}
    return _revise(call, before, Params(tree | {"items": {"0": item}}))


def of_item(change: Change, item_id: str) -> Document:
    """Return the subscription that has an item. Raises ApiError 404 if none does."""
    for subscription_id in change.walk("subscription", _EVERY):
        subscription = change.fetch("subscription", subscription_id)
        if item_id in {item["id"] for item in items_of(subscription)}:
            return subscription
    raise no_such("subscription_item", item_id)


_EVERY: Where = {}

ROUTES: list[Route] = [
    ("GET", "/v1/subscriptions", _list),
    ("POST", "/v1/subscriptions", create_subscription),
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
