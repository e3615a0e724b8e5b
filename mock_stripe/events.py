"""Events: what happened, as Stripe tells it, and to whom it is to be delivered."""

from __future__ import annotations

import time
from typing import Any

from mock_stripe.calls import LIST_PARAMS, Call, Route, page, retrieve
from mock_stripe.errors import invalid
from mock_stripe.expansion import NOTES, present
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document, Where

API_VERSION = "2026-10-28.endive"
# Stripe keeps events for thirty days.
_KEPT_SECONDS = 30 * 86_400
_UNDELIVERED = ("pending", "failed", "dropped")
DELIVERY_DEFAULTS: Document = {"copies": 1, "shuffle": False, "delay_ms": 0, "drop": False}


def emit(
    change: Change, event_type: str, document: Document, previous: Document | None = None
) -> Document:
    """Record that something happened to a document as it is now, and have it delivered."""
    data: Document = {"object": present(document)}
    if previous is not None:
        data["previous_attributes"] = previous
    return record(change, _event(change, event_type, data))


def record(change: Change, event: Document) -> Document:
    """Write an event and a delivery of it to every endpoint that listens to its type."""
    change.put(event)
    dropped = _is_dropped(change, event["type"])
    for endpoint in change.find("webhook_endpoint", status="enabled"):
        if {"*", event["type"]} & set(endpoint["enabled_events"]):
            for _copy in range(_settings(change)["copies"]):
                deliver(change, event, endpoint["id"], dropped=dropped)
    return event


def deliver(change: Change, event: Document, endpoint_id: str, *, dropped: bool = False) -> None:
    """Have one event delivered to one endpoint once more."""
    change.put(
        {
            "object": "_delivery",
            "id": new_id("dlv"),
            "event": event["id"],
            "endpoint": endpoint_id,
            "state": "dropped" if dropped else "pending",
            "attempts": 0,
            "due": time.time(),
        }
    )


def previous_of(before: Document, after: Document) -> Document:
    """Return the old values of what differs, as `previous_attributes` has them."""
    names = [name for name in after if name != NOTES and after[name] != before.get(name)]
    return {name: before.get(name) for name in names}


def put_and_emit(change: Change, event_type: str, before: Document, after: Document) -> Document:
    """Write a changed document, and tell what changed; nothing is told if nothing did."""
    change.put(after)
    previous = previous_of(before, after)
    if previous:
        emit(change, event_type, after, previous)
    return after


def _event(change: Change, event_type: str, data: Document) -> Document:
    return {
        "id": new_id("evt"),
        "object": "event",
        "account": None,
        "api_version": API_VERSION,
        "context": None,
        "created": change.real,
        "data": data,
        "livemode": False,
        "pending_webhooks": 0,
        "request": {
            "id": change.request_id or None,
            "idempotency_key": change.idempotency_key or None,
        },
        "type": event_type,
    }


def made_up(change: Change, event_type: str, document: Document, **fields: Any) -> Document:
    """Return an event of any type about any object, with some of its own fields set by hand."""
    return _event(change, event_type, {"object": present(document)}) | fields


def _settings(change: Change) -> Document:
    return DELIVERY_DEFAULTS | (change.get("_setting", "delivery") or {})


def _is_dropped(change: Change, event_type: str) -> bool:
    settings = _settings(change)
    drop = settings["drop"]
    if isinstance(drop, bool):
        return drop
    if isinstance(drop, list):
        return event_type in drop
    if drop > 0:
        change.put(settings | {"object": "_setting", "id": "delivery", "drop": drop - 1})
    return bool(drop > 0)


def as_delivered(change: Change, event: Document) -> Document:
    """Return an event with the number of deliveries that it still waits for."""
    waiting = change.find("_delivery", event=event["id"], state="pending")
    return event | {"pending_webhooks": len(waiting)}


def _retrieve(call: Call) -> Document:
    return as_delivered(call.change, retrieve("event")(call))


def _list(call: Call) -> Document:
    params = call.params
    params.only(*LIST_PARAMS, "type", "types", "delivery_success")
    if "type" in params and "types" in params:
        raise invalid("types", "You may only specify one of these parameters: type, types.")
    types = params.texts("types") or [name for name in [params.text("type")] if name]
    where: Where = {"type": set(types)} if types else {}
    delivered = params.boolean("delivery_success")
    late = _undelivered(call.change) if delivered is not None else set()
    oldest = call.change.real - _KEPT_SECONDS

    def keep(event_id: str) -> bool:
        fresh = call.change.created("event", event_id) >= oldest
        return fresh and (delivered is None or (event_id not in late) == delivered)

    found = page(call, "event", where, keep=keep)
    return found | {"data": [as_delivered(call.change, event) for event in found["data"]]}


def _undelivered(change: Change) -> set[str]:
    late = change.walk("_delivery", {"state": _UNDELIVERED})
    return {change.fetch("_delivery", delivery_id)["event"] for delivery_id in late}


ROUTES: list[Route] = [
    ("GET", "/v1/events", _list),
    ("GET", "/v1/events/<id>", _retrieve),
]
