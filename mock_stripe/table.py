"""Objects of one kind in the order of their making, found by id or by a few indexed fields."""

from __future__ import annotations

import json
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from typing import Any

Document = dict[str, Any]
Where = Mapping[str, Collection[str]]

# What each kind can be found by: the name in queries, and where it stands in the object.
FACETS: dict[str, dict[str, str]] = {
    "product": {"active": "active"},
    "price": {
        "active": "active", "product": "product", "lookup_key": "lookup_key",
        "currency": "currency", "type": "type",
    },
    "customer": {"email": "email", "test_clock": "test_clock"},
    "test_helpers.test_clock": {"status": "status"},
    "tax_id": {"customer": "customer"},
    "tax_rate": {},
    "credit_note": {"invoice": "invoice", "customer": "customer"},
    "customer_balance_transaction": {"customer": "customer"},
    "coupon": {},
    "promotion_code": {"code": "code", "active": "active", "customer": "customer"},
    "discount": {},
    "payment_method": {"customer": "customer"},
    "checkout.session": {
        "customer": "customer", "subscription": "subscription", "status": "status",
        "payment_intent": "payment_intent",
    },
    "subscription": {"customer": "customer", "status": "status", "test_clock": "test_clock"},
    "subscription_schedule": {"customer": "customer"},
    "invoice": {
        "customer": "customer", "status": "status",
        "subscription": "parent.subscription_details.subscription",
    },
    "invoiceitem": {"customer": "customer"},
    "invoice_payment": {
        "invoice": "invoice", "status": "status", "payment_intent": "payment.payment_intent",
    },
    "payment_intent": {"customer": "customer"},
    "charge": {"customer": "customer", "payment_intent": "payment_intent"},
    "refund": {"charge": "charge", "payment_intent": "payment_intent"},
    "dispute": {"charge": "charge", "payment_intent": "payment_intent"},
    "event": {"type": "type", "object_id": "data.object.id"},
    "billing_portal.configuration": {},
    "webhook_endpoint": {"status": "status"},
    "_delivery": {"event": "event", "state": "state"},
    "_attempt": {"event_id": "event_id", "type": "type", "object_id": "object_id"},
}  # fmt: skip


class Table:
    """Keeps objects as JSON text: small, and every reader gets a copy of its own."""

    def __init__(self, kind: str) -> None:
        self._facets = FACETS.get(kind, {})
        self._text: dict[str, str] = {}
        self._place: dict[str, int] = {}
        self._id_at: dict[int, str] = {}
        self._created: dict[str, int] = {}
        self._next = 0
        self._index: dict[tuple[str, str], set[int]] = {}
        self._keys: dict[str, list[tuple[str, str]]] = {}

    def __len__(self) -> int:
        return len(self._text)

    def __contains__(self, object_id: str) -> bool:
        return object_id in self._text

    def text(self, object_id: str) -> str | None:
        """Return the object's JSON text, or None."""
        return self._text.get(object_id)

    def texts(self) -> Iterator[tuple[str, str]]:
        """Yield id and text of every object, oldest first."""
        return iter(self._text.items())

    def put(self, object_id: str, text: str) -> None:
        """Add an object, or replace it in its place."""
        document = json.loads(text)
        if object_id not in self._place:
            self._place[object_id] = self._next
            self._id_at[self._next] = object_id
            self._next += 1
        self._text[object_id] = text
        self._created[object_id] = document.get("created") or 0
        self._unindex(object_id)
        if not document.get("deleted"):
            self._keys[object_id] = keys_of(document, self._facets)
            for key in self._keys[object_id]:
                self._index.setdefault(key, set()).add(self._place[object_id])

    def remove(self, object_id: str) -> None:
        """Forget an object; nothing happens if it is not there."""
        if object_id in self._text:
            self._unindex(object_id)
            del self._text[object_id], self._created[object_id]
            del self._id_at[self._place.pop(object_id)]

    def _unindex(self, object_id: str) -> None:
        for key in self._keys.pop(object_id, []):
            self._index[key].discard(self._place[object_id])

    def walk(self, where: Where, *, after: str | None, before: str | None) -> Iterator[str]:
        """Yield ids newest first, from below `after`; or oldest first, from above `before`.

        Deleted objects, which are kept for who asks by id, are passed over.
        """
        places = self._matching(where)
        if before is not None:
            walked = places[bisect_right(places, self._place[before]) :]
        else:
            end = len(places) if after is None else bisect_left(places, self._place[after])
            walked = places[:end][::-1]
        for place in walked:
            object_id = self._id_at.get(place)
            if object_id is not None and object_id in self._keys:
                yield object_id

    def created(self, object_id: str) -> int:
        """Return the second at which an object was created."""
        return self._created[object_id]

    def _matching(self, where: Where) -> Any:
        # A range where nothing is asked for; else sorted places, as both can be cut by bisection.
        if not where:
            return range(self._next)
        found: list[set[int]] = [
            set().union(*(self._index.get((name, value), ()) for value in values))
            for name, values in where.items()
        ]
        return sorted(set.intersection(*found))


def keys_of(document: Document, facets: Mapping[str, str]) -> list[tuple[str, str]]:
    """Return the (name, value) pairs by which a document is found; booleans as `true`, `false`."""
    keys = []
    for name, path in facets.items():
        value: Any = document
        for step in path.split("."):
            value = value.get(step) if isinstance(value, dict) else None
        if value is not None:
            keys.append((name, str(value).lower() if isinstance(value, bool) else str(value)))
    return keys
