"""Webhooks: signed afresh, delivered at once and concurrently, and tried again until taken."""

from __future__ import annotations

import threading
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import stripe

from tests.mock_stripe.mock_server import SECRET, Mock, Receiver, eventually


def _stamp(signature: str) -> int:
    return int(signature.split(",", maxsplit=1)[0].removeprefix("t="))


def test_every_delivery_is_signed_over_its_exact_body(mock: Mock, receiver: Receiver) -> None:
    mock.session(metadata={"name": "Ελένη"})
    mock.subscribed()
    mock.settled()

    assert len(receiver.deliveries) > 12
    for delivery in receiver.deliveries:
        assert stripe.WebhookSignature.verify_header(
            delivery.body, delivery.signature, SECRET, tolerance=60
        )
        assert delivery.content_type == "application/json; charset=utf-8"
        assert delivery.event["object"] == "event"
        assert delivery.event["pending_webhooks"] == 1
        assert set(delivery.event["request"]) == {"id", "idempotency_key"}


def test_what_is_not_taken_is_tried_again_with_a_fresh_stamp(
    mock: Mock, receiver: Receiver
) -> None:
    receiver.answers = lambda _delivery: 200 if len(receiver.deliveries) > 4 else 503
    mock.client().v1.customers.create({"email": "eleni@example.com"})

    eventually(lambda: len(receiver.deliveries) == 5, what="a fifth try")
    mock.settled()
    tries = receiver.deliveries
    assert len({delivery.event["id"] for delivery in tries}) == 1
    pauses = [later.at - earlier.at for earlier, later in pairwise(tries)]
    for pause, wanted in zip(pauses, (0.1, 0.2, 0.4, 0.8), strict=True):
        assert wanted <= pause < wanted + 0.5
    for delivery in tries:
        assert abs(_stamp(delivery.signature) - delivery.at) <= 1.5
    kept = mock.control("deliveries", method="GET")
    assert [attempt["status"] for attempt in kept] == [503, 503, 503, 503, 200]
    assert [attempt["attempt"] for attempt in kept] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("status", [199 + 2, 299])
def test_any_2xx_takes_an_event(mock: Mock, receiver: Receiver, status: int) -> None:
    receiver.answers = lambda _delivery: status
    mock.client().v1.customers.create({})
    mock.settled()

    assert len(receiver.deliveries) == 1


@pytest.mark.parametrize("status", [302, 400, 404, 500])
def test_nothing_else_does(mock: Mock, receiver: Receiver, status: int) -> None:
    receiver.answers = lambda _delivery: 200 if len(receiver.deliveries) > 1 else status
    mock.client().v1.customers.create({})
    mock.settled()

    assert len(receiver.deliveries) == 2


def test_an_endpoint_that_is_away_is_noted_and_waited_for(tmp_path: Path) -> None:
    away = Receiver()
    away.close()
    mock = Mock(tmp_path, webhook_url=away.url, options=["--retry-scale", "0.05"])
    mock.start()
    mock.client().v1.customers.create({})

    eventually(lambda: len(mock.control("deliveries", method="GET")) >= 3, what="three tries")
    attempts = mock.control("deliveries", method="GET")
    assert {attempt["status"] for attempt in attempts} == {None}
    assert "ConnectionRefusedError" in attempts[0]["error"]
    mock.stop()


def test_each_attempt_is_listed_with_all_that_is_asked_of_it(
    mock: Mock, receiver: Receiver
) -> None:
    customer = mock.client().v1.customers.create({})
    session = mock.session()
    mock.complete(session.id)
    mock.settled()

    attempt = mock.control("deliveries?type=checkout.session.completed", method="GET")[0]
    event = receiver.wait_for("checkout.session.completed")[0]
    assert attempt == {
        "event_id": event["id"],
        "type": "checkout.session.completed",
        "object_id": session.id,
        "endpoint_url": receiver.url,
        "attempt": 1,
        "status": 200,
        "error": None,
        "at": pytest.approx(time.time(), abs=10),
        "duration_ms": pytest.approx(0, abs=5000),
    }
    of_customer = mock.control(f"deliveries?object_id={customer.id}", method="GET")
    assert [found["type"] for found in of_customer] == ["customer.created"]


def test_copies_carry_the_same_id(mock: Mock, receiver: Receiver) -> None:
    mock.control("delivery", {"copies": 5})
    mock.client().v1.customers.create({})
    mock.settled()

    assert len(receiver.deliveries) == 5
    assert len({delivery.event["id"] for delivery in receiver.deliveries}) == 1
    mock.control("delivery", {})
    mock.client().v1.customers.create({})
    mock.settled()
    assert len(receiver.deliveries) == 6


def test_shuffled_events_come_in_another_order(mock: Mock, receiver: Receiver) -> None:
    mock.control("delivery", {"shuffle": True})
    made = [mock.client().v1.customers.create({}).id for _number in range(30)]
    mock.settled()

    came = [event["data"]["object"]["id"] for event in receiver.events()]
    assert sorted(came) == sorted(made)
    assert came != made


def test_delayed_events_come_late(mock: Mock, receiver: Receiver) -> None:
    mock.control("delivery", {"delay_ms": 700})
    started = time.time()
    mock.client().v1.customers.create({})
    mock.settled()

    assert 0.7 <= receiver.deliveries[0].at - started < 2


def test_dropped_events_are_found_as_undelivered_and_can_be_sent_again(
    mock: Mock, receiver: Receiver
) -> None:
    events = mock.client().v1.events
    mock.control("delivery", {"drop": 2})
    for _number in range(3):
        mock.client().v1.customers.create({})
    mock.settled()

    assert len(receiver.deliveries) == 1
    lost = events.list({"delivery_success": False}).data
    assert len(lost) == 2
    assert [event.id for event in events.list({"delivery_success": True}).data] == [
        receiver.events()[0]["id"]
    ]
    for event in lost:
        mock.control(f"events/{event.id}/resend")
    mock.settled()
    assert {event.id for event in lost} <= {event["id"] for event in receiver.events()}
    assert events.list({"delivery_success": False}).data == []


def test_all_events_or_some_types_are_dropped(mock: Mock, receiver: Receiver) -> None:
    mock.control("delivery", {"drop": ["customer.created"]})
    mock.client().v1.customers.create({})
    mock.client().v1.products.create({"name": "A"})
    mock.control("delivery", {"drop": True})
    mock.client().v1.products.create({"name": "B"})
    mock.control("delivery", {"drop": False})
    mock.client().v1.products.create({"name": "C"})
    mock.settled()

    names = [event["data"]["object"]["name"] for event in receiver.events("product.created")]
    assert sorted(names) == ["A", "C"]
    assert not receiver.events("customer.created")


@pytest.mark.parametrize(
    "settings",
    [{"copies": 0}, {"copies": True}, {"delay_ms": -1}, {"shuffle": 1}, {"drop": "all"},
     {"drop": [1]}, {"dorp": True}],
)  # fmt: skip
def test_bad_delivery_settings_are_refused(mock: Mock, settings: dict[str, Any]) -> None:
    assert mock.refused("delivery", settings)[0] == 400


def test_events_are_listed_by_type_and_time(mock: Mock) -> None:
    mock.subscribed()
    events = mock.client().v1.events
    paid = events.list({"type": "invoice.paid"}).data

    assert [event.type for event in paid] == ["invoice.paid"]
    assert events.retrieve(paid[0].id).data.object["status"] == "paid"
    both = events.list({"types": ["invoice.paid", "invoice.created"]}).data
    assert [event.type for event in both] == ["invoice.paid", "invoice.created"]
    assert len(events.list({"created": {"gte": paid[0].created}, "limit": 100}).data) >= 12
    assert events.list({"created": {"gte": paid[0].created + 60}}).data == []
    pages: Any = {"types": ["invoice.paid", "invoice.created"], "limit": 1}
    assert len(list(events.list(pages).auto_paging_iter())) == 2
    with pytest.raises(stripe.InvalidRequestError):
        events.list({"type": "a", "types": ["b"]})


def test_endpoints_made_by_the_api_get_their_types_with_their_secret(
    mock: Mock, receiver: Receiver
) -> None:
    endpoints = mock.client().v1.webhook_endpoints
    url = receiver.url.replace("/hook", "/second")
    made = endpoints.create({"url": url, "enabled_events": ["customer.created"]})
    assert made.secret is not None
    assert made.secret.startswith("whsec_")
    assert "secret" not in endpoints.retrieve(made.id).to_dict()
    assert [found.url for found in endpoints.list().data] == [url, receiver.url]

    mock.client().v1.products.create({"name": "A"})
    mock.client().v1.customers.create({})
    mock.settled()
    second = [delivery for delivery in receiver.deliveries if delivery.path == "/second"]
    assert [delivery.event["type"] for delivery in second] == ["customer.created"]
    assert stripe.WebhookSignature.verify_header(second[0].body, second[0].signature, made.secret)
    assert len(receiver.deliveries) == 3

    endpoints.update(made.id, {"disabled": True})
    mock.client().v1.customers.create({})
    endpoints.update(made.id, {"disabled": False, "enabled_events": ["*"]})
    mock.client().v1.products.create({"name": "B"})
    mock.settled()
    assert sum(delivery.path == "/second" for delivery in receiver.deliveries) == 2
    assert endpoints.delete(made.id).deleted
    with pytest.raises(stripe.InvalidRequestError):
        endpoints.retrieve(made.id)
    with pytest.raises(stripe.InvalidRequestError, match="scheme"):
        endpoints.create({"url": "shop.test/hook", "enabled_events": ["*"]})


def test_any_event_can_be_made_up(mock: Mock, receiver: Receiver) -> None:
    customer = mock.client().v1.customers.create({})
    old = mock.control(
        "events",
        {
            "type": "customer.updated", "object_id": customer.id, "api_version": "2020-08-27",
            "previous_attributes": {"email": None},
        },
    )  # fmt: skip
    live = mock.control(
        "events",
        {"type": "brand.new", "object": {"id": "x_1"}, "livemode": True, "id": "evt_mine"},
    )
    mock.settled()

    came = {event["id"]: event for event in receiver.events()}
    assert came[old["id"]]["data"]["object"]["id"] == customer.id
    assert came[old["id"]]["api_version"] == "2020-08-27"
    assert came[old["id"]]["data"]["previous_attributes"] == {"email": None}
    assert (live["id"], came["evt_mine"]["livemode"]) == ("evt_mine", True)
    again = {"type": "brand.new", "object": {}, "id": "evt_mine"}
    assert mock.refused("events", again)[0] == 409
    assert mock.refused("events", {"type": "a", "object_id": "cus_none"})[0] == 404
    assert mock.refused("events", {"object": {}})[0] == 400
    bad_fields: list[dict[str, Any]] = [
        {"id": 5}, {"created": "today"}, {"livemode": "no"}, {"object": []},
    ]  # fmt: skip
    for bad in bad_fields:
        assert mock.refused("events", {"type": "a", "object": {}, **bad})[0] == 400
    mock.control("events/evt_mine/resend")
    mock.settled()
    assert [event["id"] for event in receiver.events()].count("evt_mine") == 2


def test_a_slow_endpoint_does_not_hold_up_the_others(mock: Mock, receiver: Receiver) -> None:
    all_there = threading.Barrier(20, timeout=10)

    def answer(_delivery: object) -> int:
        all_there.wait()  # so slow that it answers the first only once the last is there
        return 200

    receiver.answers = answer
    for _number in range(20):
        mock.client().v1.customers.create({})
    mock.settled()

    assert not all_there.broken
    assert len(receiver.deliveries) == 20, "each at its first attempt"
