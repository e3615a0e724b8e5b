"""Checkout sessions, from their creation to each way in which they end."""

from __future__ import annotations

import time
from typing import Any

import pytest
import stripe

from tests.mock_stripe.mock_server import Mock, Receiver, eventually

DAY = 86_400


def test_a_new_session_is_open_and_knows_where_to_go(mock: Mock) -> None:
    session = mock.session(client_reference_id="signup-1", metadata={"signup": "1"})

    assert session.id.startswith("cs_test_")
    assert (session.status, session.payment_status) == ("open", "unpaid")
    assert session.url == f"{mock.url.replace('127.0.0.1', 'localhost')}/pay/{session.id}"
    assert session.success_url == f"http://shop.test/welcome/{session.id}"
    assert session.cancel_url == f"http://shop.test/pricing?left={session.id}"
    assert session.client_reference_id == "signup-1"
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"signup": "1"}
    assert (session.amount_total, session.currency, session.livemode) == (2000, "eur", False)
    assert session.expires_at == pytest.approx(time.time() + DAY, abs=5)


def test_paying_makes_all_that_stripe_makes(mock: Mock) -> None:
    session = mock.session(subscription_data={"metadata": {"signup": "1"}})
    mock.complete(session.id)

    api = mock.client().v1
    paid = api.checkout.sessions.retrieve(
        session.id, {"expand": ["subscription.latest_invoice", "customer", "line_items"]}
    )
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert isinstance(paid.customer, stripe.Customer)
    assert paid.customer.email == "eleni@example.com"
    subscription = paid.subscription
    assert isinstance(subscription, stripe.Subscription)
    assert subscription.status == "active"
    assert subscription.metadata.to_dict() == {"signup": "1"}
    item = subscription["items"].data[0]
    assert 27 * DAY < item.current_period_end - item.current_period_start < 32 * DAY
    invoice = subscription.latest_invoice
    assert isinstance(invoice, stripe.Invoice)
    assert (invoice.status, invoice.amount_paid, invoice.billing_reason) == (
        "paid", 2000, "subscription_create",
    )  # fmt: skip
    assert invoice.parent is not None
    assert invoice.parent.subscription_details is not None
    assert invoice.parent.subscription_details.subscription == subscription.id
    assert invoice.parent.subscription_details.metadata is not None
    assert invoice.parent.subscription_details.metadata.to_dict() == {"signup": "1"}
    assert paid.line_items is not None
    assert paid.line_items.data[0].amount_total == 2000


def test_an_invoice_and_its_payment_find_each_other(mock: Mock) -> None:
    session = mock.complete(mock.session().id)
    api = mock.client().v1

    payment = api.invoice_payments.list({"invoice": session["invoice"]}).data[0]
    intent = payment.payment.payment_intent
    assert isinstance(intent, str)
    back = api.invoice_payments.list(
        {"payment": {"type": "payment_intent", "payment_intent": intent}}
    ).data
    assert [found.invoice for found in back] == [session["invoice"]]
    paid = api.payment_intents.retrieve(intent, {"expand": ["latest_charge"]})
    assert (paid.status, paid.amount_received, paid.customer) == (
        "succeeded", 2000, session["customer"],
    )  # fmt: skip
    assert isinstance(paid.latest_charge, stripe.Charge)
    assert (paid.latest_charge.status, paid.latest_charge.paid) == ("succeeded", True)
    assert "invoice" not in paid.to_dict()


def test_events_of_a_purchase_come_in_stripes_order_within_a_second(mock: Mock) -> None:
    mock.complete(mock.session().id)

    newest_first = mock.client().v1.events.list({"limit": 100}).data
    bought = [event for event in newest_first if event.type not in {"product.created",
                                                                    "price.created"}]  # fmt: skip
    assert [event.type for event in reversed(bought)] == [
        "customer.created",
        "payment_method.attached",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "customer.subscription.created",
        "invoice.created",
        "invoice.finalized",
        "invoice.paid",
        "invoice.payment_succeeded",
        "invoice_payment.paid",
        "checkout.session.completed",
    ]
    assert len({event.created for event in bought}) == 1
    assert {event.api_version for event in bought} == {stripe.api_version}
    assert not any(event.livemode for event in bought)


def test_a_trial_needs_no_payment(mock: Mock, receiver: Receiver) -> None:
    session = mock.session(subscription_data={"trial_period_days": 14})
    done = mock.complete(session.id, "trial")

    assert (done["status"], done["payment_status"]) == ("complete", "no_payment_required")
    subscription = mock.client().v1.subscriptions.retrieve(done["subscription"])
    assert subscription.status == "trialing"
    assert subscription.trial_end == pytest.approx(time.time() + 14 * DAY, abs=5)
    invoice = mock.client().v1.invoices.retrieve(done["invoice"])
    assert (invoice.status, invoice.total) == ("paid", 0)
    receiver.wait_for("checkout.session.completed")
    mock.settled()
    assert not any(name.startswith("payment_intent") for name in receiver.types())


def test_the_control_decides_between_trial_and_payment(mock: Mock) -> None:
    with_trial = mock.session(subscription_data={"trial_period_days": 7})

    assert mock.complete(with_trial.id, "paid")["payment_status"] == "paid"
    assert mock.complete(mock.session().id, "trial")["payment_status"] == "no_payment_required"


def test_a_declined_card_leaves_the_session_open(mock: Mock, receiver: Receiver) -> None:
    session = mock.session()

    assert mock.complete(session.id, "declined")["status"] == "open"
    failed = receiver.wait_for("payment_intent.payment_failed")[0]["data"]["object"]
    assert failed["status"] == "requires_payment_method"
    assert failed["last_payment_error"]["code"] == "card_declined"
    assert mock.complete(session.id, "paid")["payment_status"] == "paid"


@pytest.mark.parametrize(
    ("outcome", "event_type", "payment_status", "subscription_status"),
    [
        ("paid", "checkout.session.async_payment_succeeded", "paid", "active"),
        ("declined", "checkout.session.async_payment_failed", "unpaid", "past_due"),
    ],
)
def test_a_slow_payment_is_known_later(
    mock: Mock, receiver: Receiver, outcome: str, event_type: str, payment_status: str,
    subscription_status: str,
) -> None:  # fmt: skip
    session = mock.session()
    waiting = mock.complete(session.id, "async_pending")
    assert (waiting["status"], waiting["payment_status"]) == ("complete", "unpaid")
    completed = receiver.wait_for("checkout.session.completed")[0]
    assert completed["data"]["object"]["payment_status"] == "unpaid"

    assert mock.complete(session.id, outcome)["payment_status"] == payment_status
    told = receiver.wait_for(event_type)[0]["data"]["object"]
    assert (told["id"], told["payment_status"]) == (session.id, payment_status)
    subscription = mock.client().v1.subscriptions.retrieve(waiting["subscription"])
    assert subscription.status == subscription_status
    status, message = mock.refused(f"sessions/{session.id}/complete", {"outcome": outcome})
    assert (status, outcome in message) == (409, True)


def test_nothing_completes_twice(mock: Mock) -> None:
    session = mock.session()
    mock.complete(session.id)

    for outcome in ("paid", "trial", "declined", "async_pending", "expired"):
        status, message = mock.refused(f"sessions/{session.id}/complete", {"outcome": outcome})
        assert status == 409
        assert "is complete" in message
    assert len(mock.client().v1.subscriptions.list().data) == 1


def test_an_expired_session_cannot_be_paid(mock: Mock, receiver: Receiver) -> None:
    by_control, by_api = mock.session(), mock.session()
    mock.complete(by_control.id, "expired")
    mock.client().v1.checkout.sessions.expire(by_api.id)

    told = receiver.wait_for("checkout.session.expired", count=2)
    assert {event["data"]["object"]["id"] for event in told} == {by_control.id, by_api.id}
    assert mock.refused(f"sessions/{by_api.id}/complete", {"outcome": "paid"})[0] == 409
    with pytest.raises(stripe.InvalidRequestError, match="status of expired"):
        mock.client().v1.checkout.sessions.expire(by_api.id)


def test_a_session_expires_when_its_time_comes(mock: Mock, receiver: Receiver) -> None:
    soon = mock.session(expires_at=int(time.time()) + 1900)
    later = mock.session()
    mock.control("clock", {"advance": 1901})

    receiver.wait_for("checkout.session.expired")
    sessions = mock.client().v1.checkout.sessions
    assert sessions.retrieve(soon.id).status == "expired"
    assert sessions.retrieve(later.id).status == "open"


def test_a_known_customer_buys_again(mock: Mock) -> None:
    customer = mock.client().v1.customers.create({"email": "nikos@example.com"})
    done = mock.complete(mock.session(customer=customer.id).id)

    assert done["customer"] == customer.id
    assert done["customer_details"]["email"] == "nikos@example.com"
    assert len(mock.client().v1.customers.list().data) == 1


@pytest.mark.parametrize(
    ("change", "param"),
    [
        ({"line_items": []}, "line_items"),
        ({"line_items": [{"price": "price_none", "quantity": 1}]}, "line_items[0][price]"),
        ({"mode": "payment"}, "mode"),
        ({"success_url": ""}, "success_url"),
        ({"success_url": "javascript:alert(1)"}, "success_url"),
        ({"expires_at": 60}, "expires_at"),
        ({"customer": "cus_none"}, "customer"),
        ({"colour": "red"}, "colour"),
        ({"subscription_data": {"colour": "red"}}, "subscription_data[colour]"),
    ],
)
def test_a_bad_session_is_refused_by_parameter(
    mock: Mock, change: dict[str, Any], param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        mock.session(**change)

    assert (refusal.value.http_status, refusal.value.param) == (400, param)


def test_a_bad_outcome_is_refused_in_words(mock: Mock) -> None:
    session = mock.session()
    path = f"sessions/{session.id}/complete"

    assert mock.refused(path, {"outcome": "payed"})[0] == 400
    assert "async_pending" in mock.refused(path, {"outcome": "payed"})[1]
    assert mock.refused(path, {})[0] == 400
    assert mock.refused(path, {"outcome": "paid", "x": 1})[0] == 400
    assert mock.refused("sessions/cs_test_none/complete", {"outcome": "paid"})[0] == 404
    reply = mock.request("POST", f"/_control/{path}", "not json")
    assert (reply.status, "not JSON" in reply.body) == (400, True)
    eventually(lambda: mock.complete(session.id)["status"] == "complete", what="still payable")
