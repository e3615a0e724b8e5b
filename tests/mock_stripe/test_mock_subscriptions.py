"""Subscriptions: changed by the API, moved by the controls, and renewed by the clock."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
import stripe

from tests.mock_stripe.mock_server import Document, Mock, Receiver, eventually

DAY = 86_400


def _item(subscription: stripe.Subscription) -> stripe.SubscriptionItem:
    item: stripe.SubscriptionItem = subscription["items"].data[0]
    return item


def test_cancelling_at_the_end_of_the_period(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed()
    subscriptions = mock.client().v1.subscriptions

    leaving = subscriptions.update(subscription, {"cancel_at_period_end": True})
    assert (leaving.status, leaving.cancel_at_period_end) == ("active", True)
    assert leaving.cancel_at == _item(leaving).current_period_end
    told = receiver.wait_for("customer.subscription.updated")[0]["data"]["previous_attributes"]
    assert told["cancel_at_period_end"] is False
    staying = subscriptions.update(subscription, {"cancel_at_period_end": False})
    assert (staying.cancel_at, staying.canceled_at) == (None, None)

    subscriptions.update(subscription, {"cancel_at_period_end": True})
    mock.control("clock", {"advance": 32 * DAY})
    ended = receiver.wait_for("customer.subscription.deleted")[0]["data"]["object"]
    assert ended["status"] == "canceled"
    assert ended["ended_at"] >= ended["cancel_at"]


def test_cancelling_at_a_date(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed()
    now = mock.control("ready", method="GET")["now"]
    subscriptions = mock.client().v1.subscriptions

    leaving = subscriptions.update(subscription, {"cancel_at": now + 2 * DAY})
    assert (leaving.cancel_at, leaving.cancel_at_period_end) == (now + 2 * DAY, False)
    mock.control("clock", {"advance": 2 * DAY + 1})
    receiver.wait_for("customer.subscription.deleted")


def test_cancelling_at_once_is_final(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed()
    subscriptions = mock.client().v1.subscriptions
    given: Any = {"cancellation_details": {"comment": "moving"}}
    ended = subscriptions.cancel(subscription, given)

    assert ended.status == "canceled"
    assert ended.ended_at is not None
    assert ended.cancellation_details is not None
    assert ended.cancellation_details.comment == "moving"
    receiver.wait_for("customer.subscription.deleted")
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        subscriptions.cancel(subscription)
    assert refusal.value.http_status == 404
    with pytest.raises(stripe.InvalidRequestError, match="canceled subscription"):
        subscriptions.update(subscription, {"cancel_at_period_end": True})
    assert mock.refused(f"subscriptions/{subscription}", {"status": "active"})[0] == 409
    assert subscriptions.list().data == []
    assert len(subscriptions.list({"status": "canceled"}).data) == 1
    assert len(subscriptions.list({"status": "all"}).data) == 1


def test_pausing_collection_changes_neither_status_nor_access(
    mock: Mock, receiver: Receiver
) -> None:
    subscription = mock.subscribed()
    subscriptions = mock.client().v1.subscriptions

    paused = subscriptions.update(subscription, {"pause_collection": {"behavior": "void"}})
    assert (paused.status, paused.pause_collection is None) == ("active", False)
    mock.control("clock", {"advance": 32 * DAY})
    receiver.wait_for("invoice.voided")
    mock.settled()
    assert len(receiver.events("invoice.paid")) == 1
    resumed = subscriptions.update(subscription, {"pause_collection": ""})
    assert (resumed.status, resumed.pause_collection) == ("active", None)


def test_a_dearer_plan_in_the_same_period_is_prorated(mock: Mock) -> None:
    small, large = mock.price(3000), mock.price(9000)
    subscription = mock.subscribed(small.id)
    api = mock.client().v1
    item = _item(api.subscriptions.retrieve(subscription))
    half = (item.current_period_start + item.current_period_end) // 2
    swap: Any = {"items": [{"id": item.id, "price": large.id}], "proration_date": half}

    preview = api.invoices.create_preview(
        {"subscription": subscription, "subscription_details": swap}
    )
    assert [line.amount for line in preview.lines.data] == [-1500, 4500, 9000]
    assert (preview.total, preview.amount_due, preview.status) == (12000, 12000, "draft")
    assert preview.parent is not None
    assert preview.parent.subscription_details is not None
    assert preview.parent.subscription_details.subscription_proration_date == half
    unchanged = api.subscriptions.retrieve(subscription)
    assert _item(unchanged).price.id == small.id

    swap |= {"proration_behavior": "always_invoice", "expand": ["latest_invoice"]}
    changed = api.subscriptions.update(subscription, swap)
    assert _item(changed).price.id == large.id
    assert _item(changed).current_period_end == item.current_period_end
    invoice = changed.latest_invoice
    assert isinstance(invoice, stripe.Invoice)
    assert (invoice.total, invoice.status, invoice.billing_reason) == (
        3000, "paid", "subscription_update",
    )  # fmt: skip
    line = invoice.lines.data[0]
    assert line.parent is not None
    assert line.parent.subscription_item_details is not None
    assert line.parent.subscription_item_details.proration
    assert line.pricing is not None
    assert line.pricing.price_details is not None
    assert line.pricing.price_details.price == small.id


def test_prorations_wait_for_the_renewal_unless_asked_otherwise(
    mock: Mock, receiver: Receiver
) -> None:
    small, large = mock.price(3000), mock.price(9000)
    subscription = mock.subscribed(small.id)
    api = mock.client().v1
    item = _item(api.subscriptions.retrieve(subscription))
    half = (item.current_period_start + item.current_period_end) // 2
    swap: Any = {"items": [{"id": item.id, "price": large.id}], "proration_date": half}
    api.subscriptions.update(subscription, swap)

    assert len(api.invoices.list({"subscription": subscription}).data) == 1
    mock.control("clock", {"advance": 32 * DAY})
    receiver.wait_for("invoice.paid", count=2)
    renewal = api.invoices.list({"subscription": subscription}).data[0]
    assert (renewal.total, renewal.billing_reason) == (12000, "subscription_cycle")


def test_a_credit_is_kept_for_the_next_invoice(mock: Mock, receiver: Receiver) -> None:
    small, large = mock.price(3000), mock.price(9000)
    subscription = mock.subscribed(large.id)
    api = mock.client().v1
    before = api.subscriptions.retrieve(subscription)
    item = _item(before)
    half = (item.current_period_start + item.current_period_end) // 2
    swap: Any = {
        "items": [{"id": item.id, "price": small.id}], "proration_date": half,
        "proration_behavior": "always_invoice",
    }  # fmt: skip
    api.subscriptions.update(subscription, swap)

    assert isinstance(before.customer, str)
    assert api.customers.retrieve(before.customer).balance == -3000
    mock.control("clock", {"advance": 32 * DAY})
    receiver.wait_for("invoice.paid", count=3)
    renewal = api.invoices.list({"subscription": subscription}).data[0]
    assert (renewal.total, renewal.starting_balance, renewal.amount_due) == (3000, -3000, 0)


def test_another_interval_starts_a_new_period_today(mock: Mock) -> None:
    month, year = mock.price(3000), mock.price(30_000, "year")
    subscription = mock.subscribed(month.id)
    api = mock.client().v1
    item = _item(api.subscriptions.retrieve(subscription))
    swap: Any = {"items": [{"id": item.id, "price": year.id}], "expand": ["latest_invoice"]}
    changed = api.subscriptions.update(subscription, swap)

    assert _item(changed).current_period_end - changed.billing_cycle_anchor in {
        365 * DAY, 366 * DAY,
    }  # fmt: skip
    invoice = changed.latest_invoice
    assert isinstance(invoice, stripe.Invoice)
    assert (invoice.total, invoice.status) == (27_000, "paid")


def test_more_seats_and_a_second_item(mock: Mock) -> None:
    subscription = mock.subscribed()
    api = mock.client().v1
    item = _item(api.subscriptions.retrieve(subscription))
    extra = mock.price(500)

    more: Any = {"items": [{"id": item.id, "quantity": 3}, {"price": extra.id}]}
    assert len(api.subscriptions.update(subscription, more)["items"].data) == 2
    items = api.subscription_items.list({"subscription": subscription}).data
    assert [found.quantity for found in items] == [3, 1]
    fewer: Any = {"items": [{"id": items[1].id, "deleted": True}]}
    assert len(api.subscriptions.update(subscription, fewer)["items"].data) == 1
    for bad in (
        [{"id": "si_none", "quantity": 1}],
        [{"id": item.id, "deleted": True}],
        [{"id": item.id, "price": "price_none"}],
        [{"price": mock.price(1, currency="usd").id}],
        [{"id": item.id, "quantity": -1}],
    ):
        changes: Any = {"items": bad}
        with pytest.raises(stripe.InvalidRequestError):
            api.subscriptions.update(subscription, changes)


def test_falling_behind_and_catching_up(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed()
    assert mock.move(subscription, "past_due")["status"] == "past_due"

    failed = receiver.wait_for("invoice.payment_failed")[0]["data"]["object"]
    assert (failed["status"], failed["billing_reason"]) == ("open", "subscription_cycle")
    assert failed["parent"]["subscription_details"]["subscription"] == subscription
    receiver.wait_for("payment_intent.payment_failed")
    updated = receiver.wait_for("customer.subscription.updated")[0]
    assert updated["data"]["previous_attributes"]["status"] == "active"
    assert updated["data"]["object"]["status"] == "past_due"

    assert mock.move(subscription, "active")["latest_invoice"] == failed["id"]
    told = [event["data"]["object"] for event in receiver.wait_for("invoice.paid", count=2)]
    assert (failed["id"], 2) in {(paid["id"], paid["attempt_count"]) for paid in told}


def test_each_try_of_dunning_is_told(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed()
    mock.move(subscription, "past_due")
    mock.move(subscription, "past_due")

    failures = receiver.wait_for("invoice.payment_failed", count=2)
    assert len({event["data"]["object"]["id"] for event in failures}) == 1
    assert {event["data"]["object"]["attempt_count"] for event in failures} == {1, 2}


@pytest.mark.parametrize(
    ("status", "event_type"),
    [
        ("unpaid", "customer.subscription.updated"),
        ("paused", "customer.subscription.paused"),
        ("canceled", "customer.subscription.deleted"),
        ("trialing", "customer.subscription.updated"),
        ("incomplete", "customer.subscription.updated"),
        ("incomplete_expired", "customer.subscription.updated"),
    ],
)
def test_every_status_can_be_reached_and_is_told(
    mock: Mock, receiver: Receiver, status: str, event_type: str
) -> None:
    subscription = mock.subscribed()
    assert mock.move(subscription, status)["status"] == status

    def told(event: Document) -> bool:
        return bool(event["data"]["object"]["status"] == status)

    eventually(lambda: any(map(told, receiver.events(event_type))), what=f"{status} is told")
    assert mock.client().v1.subscriptions.retrieve(subscription).status == status


def test_a_status_that_stripe_does_not_have_yet(mock: Mock) -> None:
    subscription = mock.subscribed()
    path = f"subscriptions/{subscription}"

    assert mock.refused(path, {"status": "actve"})[0] == 400
    assert mock.control(path, {"status": "dormant", "unknown": True})["status"] == "dormant"


def test_a_paused_subscription_is_resumed_by_the_api(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed()
    subscriptions = mock.client().v1.subscriptions
    with pytest.raises(stripe.InvalidRequestError, match="paused"):
        subscriptions.resume(subscription)

    mock.move(subscription, "paused")
    charged: Any = {"payment_behavior": "resume_on_payment_success"}
    assert subscriptions.resume(subscription, charged).status == "active"
    receiver.wait_for("customer.subscription.resumed")


def test_a_trial_is_announced_and_ends_in_a_payment(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed(outcome="trial")
    mock.control("clock", {"advance": 11 * DAY + 1})
    receiver.wait_for("customer.subscription.trial_will_end")
    assert not receiver.events("charge.succeeded")

    mock.control("clock", {"advance": 3 * DAY})
    receiver.wait_for("charge.succeeded")
    assert mock.client().v1.subscriptions.retrieve(subscription).status == "active"
    mock.settled()
    assert len(receiver.events("customer.subscription.trial_will_end")) == 1


def test_periods_renew_one_after_another(mock: Mock, receiver: Receiver) -> None:
    subscription = mock.subscribed()
    mock.control("clock", {"advance": 95 * DAY})

    receiver.wait_for("invoice.paid", count=4)
    mock.settled()
    invoices = mock.client().v1.invoices.list({"subscription": subscription}).data
    periods = [invoice.lines.data[0].period for invoice in reversed(invoices)]
    assert all(later.start == earlier.end for earlier, later in pairwise(periods))
    assert {invoice.status for invoice in invoices} == {"paid"}
