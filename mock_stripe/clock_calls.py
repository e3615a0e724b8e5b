"""Test clocks as the API makes, advances and deletes them."""

from __future__ import annotations

from mock_stripe import clocks
from mock_stripe.calls import PAGE_PARAMS, Call, Route, page, retrieve
from mock_stripe.customers import forget, live_customer
from mock_stripe.errors import invalid
from mock_stripe.events import emit, put_and_emit
from mock_stripe.ids import new_id
from mock_stripe.store import Change
from mock_stripe.table import Document

_KEPT_SECONDS = 30 * 86_400
# What a customer has that names its clock.
_BELONGS = ("subscription", "invoice", "invoiceitem")


def _create(call: Call) -> Document:
    change, params = call.change, call.params
    params.only("frozen_time", "name", "customer", "expand")
    params.required("frozen_time")
    frozen = params.integer("frozen_time") or 0
    clock = {
        "id": new_id("clock"),
        "object": clocks.KIND,
        "created": change.real,
        "deletes_after": change.real + _KEPT_SECONDS,
        "frozen_time": frozen,
        "livemode": False,
        "name": params.text("name"),
        "status": clocks.READY,
        "status_details": {},
    }
    emit(change, f"{clocks.KIND}.created", change.put(clock))
    if "customer" in params:
        _take_in(change, params.required("customer"), clock)
    return clock


def _take_in(change: Change, customer_id: str, clock: Document) -> None:
    """Have somebody who lived in real time live by a clock from now on, with all that is theirs."""
    customer = live_customer(change, customer_id, param="customer")
    if customer["test_clock"]:
        raise invalid("customer", f"{customer_id} has a test clock already.")
    if clock["frozen_time"] < change.real:
        raise invalid("frozen_time", "The frozen time must not be in the past for a customer that "
                                     "exists already.")  # fmt: skip
    for kind in _BELONGS:
        for found in change.find(kind, customer=customer_id):
            change.put(found | {"test_clock": clock["id"]})
    change.put(customer | {"test_clock": clock["id"]})


def _list(call: Call) -> Document:
    call.params.only(*PAGE_PARAMS)
    return page(call, clocks.KIND, {})


def _advance(call: Call) -> Document:
    """Set a clock on its way: what falls due meanwhile happens, and then it is `ready`."""
    call.params.only("frozen_time", "expand")
    change = call.change
    clock = change.fetch(clocks.KIND, call.id)
    clocks.refuse_while_advancing(clock)
    call.params.required("frozen_time")
    target = call.params.integer("frozen_time") or 0
    if target <= clock["frozen_time"]:
        raise invalid("frozen_time", "The time to advance to must be after the test clock's current "
                                     f"frozen time, {clock['frozen_time']}.")  # fmt: skip
    if target > (most := clocks.furthest(change, clock)):
        raise invalid("frozen_time", "The time to advance to cannot be more than two intervals in "
                                     "the future from the shortest subscription in this test clock "
                                     f"(or two years without one): at most {most}.")  # fmt: skip
    details = {"advancing": {"target_frozen_time": target}}
    after = clock | {"status": clocks.ADVANCING, "status_details": details}
    return put_and_emit(change, f"{clocks.KIND}.advancing", clock, after)


def _delete(call: Call) -> Document:
    call.params.only()
    clock = call.change.fetch(clocks.KIND, call.id)
    clocks.refuse_while_advancing(clock)
    delete(call.change, clock)
    return {"id": clock["id"], "object": clocks.KIND, "deleted": True}


def delete(change: Change, clock: Document) -> None:
    """Delete a clock with its customers; their subscriptions end."""
    for customer in change.find("customer", test_clock=clock["id"]):
        with change.at(clock["frozen_time"]):
            forget(change, customer)
    change.remove(clocks.KIND, clock["id"])
    emit(change, f"{clocks.KIND}.deleted", clock)


ROUTES: list[Route] = [
    ("POST", "/v1/test_helpers/test_clocks", _create),
    ("GET", "/v1/test_helpers/test_clocks", _list),
    ("GET", "/v1/test_helpers/test_clocks/<id>", retrieve(clocks.KIND)),
    ("DELETE", "/v1/test_helpers/test_clocks/<id>", _delete),
    ("POST", "/v1/test_helpers/test_clocks/<id>/advance", _advance),
]
