"""Test clocks: the time at which some customers live, and all of billing that is theirs.

https://docs.stripe.com/billing/testing/test-clocks/api-advanced-usage. Payments, cards and events know
the real time alone, as Stripe's do: https://github.com/stripe/stripe-python/issues/1183.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from mock_stripe.errors import ApiError, invalid
from mock_stripe.lines import items_of
from mock_stripe.periods import period_end
from mock_stripe.store import Change
from mock_stripe.table import Document

KIND = "test_helpers.test_clock"
ADVANCING, READY = "advancing", "ready"
_MOST_CUSTOMERS = 3
_MOST_SUBSCRIPTIONS = 3
_WITHOUT_SUBSCRIPTIONS = {"interval": "year", "interval_count": 2}
_INTERVALS_AHEAD = 2
# What is found by an id, and lives at its customer's time.
_KINDS = {"cus": "customer", "sub": "subscription", "in": "invoice", "ii": "invoiceitem",
          "cn": "credit_note"}  # fmt: skip


def clock_of(change: Change, customer_id: str | None) -> Document | None:
    """Return the clock that a customer lives by; None for one who lives in real time."""
    customer = change.get("customer", customer_id)
    return change.get(KIND, customer.get("test_clock")) if customer else None


@contextmanager
def living_with(change: Change, customer_id: str | None) -> Iterator[None]:
    """Let it be the customer's time in the block."""
    clock = clock_of(change, customer_id)
    with change.at(clock["frozen_time"] if clock else change.now):
        yield


def clock_named(change: Change, ids: Iterable[str]) -> Document | None:
    """Return the clock of whichever of these ids is of somebody who lives by one."""
    for object_id in ids:
        found = change.get(_KINDS.get(object_id.split("_", 1)[0], ""), object_id)
        if found is not None:
            customer = found["id"] if found["object"] == "customer" else found["customer"]
            if clock := clock_of(change, customer):
                return clock
    return None


def refuse_while_advancing(clock: Document) -> None:
    """Raise ApiError 429 for whoever would change what lives by a clock that is on its way."""
    if clock["status"] == ADVANCING:
        raise ApiError(
            429,
            f"Test clock advancement underway - cannot perform modifications: {clock['id']}",
        )


def refuse_fourth_customer(change: Change, clock: Document) -> None:
    """Raise ApiError 400 where a clock has all the customers that it may have."""
    if len(change.find("customer", test_clock=clock["id"])) >= _MOST_CUSTOMERS:
        raise invalid("test_clock", f"A test clock has at most {_MOST_CUSTOMERS} customers.")


def refuse_fourth_subscription(change: Change, customer: Document) -> None:
    """Raise ApiError 400 where a clock's customer has all the subscriptions that one may have."""
    if not customer.get("test_clock"):
        return
    if len(change.find("subscription", customer=customer["id"])) >= _MOST_SUBSCRIPTIONS:
        raise invalid(
            "customer",
            f"A customer with a test clock has at most {_MOST_SUBSCRIPTIONS} subscriptions.",
        )


def furthest(change: Change, clock: Document) -> int:
    """Return to when a clock may be advanced: two of the shortest interval that it bills."""
    now = clock["frozen_time"]
    billed = [
        item["price"]["recurring"]
        for subscription in change.find("subscription", test_clock=clock["id"])
        if subscription["ended_at"] is None
        for item in items_of(subscription)
    ]
    ahead = [
        each | {"interval_count": each["interval_count"] * _INTERVALS_AHEAD} for each in billed
    ]
    return min(
        period_end(now, anchor=now, recurring=each) for each in ahead or [_WITHOUT_SUBSCRIPTIONS]
    )


def next_due(
    change: Change, clock: Document, due_times: Callable[[Document], Iterator[int]]
) -> tuple[int, Document] | None:
    """Return what is due first of all that lives by a clock, and when; the older first at a tie."""
    live = [
        document
        for kind in ("subscription", "invoice")
        for customer in change.find("customer", test_clock=clock["id"])
        for document in change.find(kind, customer=customer["id"])
    ]
    due = [(min(due_times(each), default=None), each) for each in reversed(live)]
    timed = [(at, each) for at, each in due if at is not None]
    return min(timed, key=lambda found: found[0], default=None)
