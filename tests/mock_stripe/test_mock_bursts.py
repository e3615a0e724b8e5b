"""Many at once: nothing is lost, nothing is shared, and a long history does not slow it down."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

from tests.mock_stripe.mock_server import Mock, Receiver


def test_fifty_buyers_at_once(mock: Mock, receiver: Receiver) -> None:
    price = mock.price().id

    def buy(number: int) -> tuple[str, str, str]:
        session = mock.session(price, customer_email=f"{number}@example.com")
        done = mock.complete(session.id)
        return session.id, done["customer"], done["subscription"]

    with ThreadPoolExecutor(50) as pool:
        bought = list(pool.map(buy, range(50)))

    for kind in range(3):
        assert len({ids[kind] for ids in bought}) == 50
    told = receiver.wait_for("checkout.session.completed", count=50)
    assert {event["data"]["object"]["id"] for event in told} == {ids[0] for ids in bought}
    mock.settled()
    assert len(receiver.events("checkout.session.completed")) == 50


def test_one_session_completed_by_many_is_completed_once(mock: Mock) -> None:
    session = mock.session()

    def complete(_number: int) -> int:
        body = '{"outcome": "paid"}'
        return mock.request("POST", f"/_control/sessions/{session.id}/complete", body).status

    with ThreadPoolExecutor(20) as pool:
        statuses = sorted(pool.map(complete, range(20)))

    assert statuses == [200] + [409] * 19
    assert len(mock.client().v1.subscriptions.list().data) == 1


def test_one_key_used_by_many_creates_once(mock: Mock) -> None:
    def create(_number: int) -> int:
        form = {"email": "eleni@example.com"}
        return mock.call("POST", "/v1/customers", form, idempotency_key="k1").status

    with ThreadPoolExecutor(20) as pool:
        statuses = set(pool.map(create, range(20)))

    assert statuses <= {200, 409}
    assert len(mock.client().v1.customers.list().data) == 1


def _seconds(mock: Mock, price: str) -> float:
    started = time.monotonic()
    for _number in range(10):
        mock.complete(mock.session(price).id)
        mock.client().v1.events.list({"type": "checkout.session.completed"})
    return time.monotonic() - started


def test_thousands_of_events_do_not_slow_it(mock: Mock) -> None:
    price = mock.price().id
    mock.control("delivery", {"drop": True})
    fresh = _seconds(mock, price)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda _number: mock.complete(mock.session(price).id), range(250)))

    assert _seconds(mock, price) < 3 * fresh + 0.5
