"""Invoices that are owed, money that goes back, and months of different length."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from tests.mock_stripe.mock_server import Mock, Receiver


def _owed(mock: Mock) -> tuple[str, str]:
    subscription = mock.subscribed()
    return subscription, str(mock.move(subscription, "past_due")["latest_invoice"])


def test_an_owed_invoice_is_paid_by_the_api(mock: Mock, receiver: Receiver) -> None:
    subscription, invoice = _owed(mock)
    paid = mock.client().v1.invoices.pay(invoice)

    assert (paid.status, paid.amount_remaining) == ("paid", 0)
    assert mock.client().v1.subscriptions.retrieve(subscription).status == "active"
    receiver.wait_for("invoice.paid", count=2)
    with pytest.raises(stripe.InvalidRequestError, match="already paid"):
        mock.client().v1.invoices.pay(invoice)


def test_a_bad_card_is_402_and_leaves_its_trace(mock: Mock, receiver: Receiver) -> None:
    subscription, invoice = _owed(mock)
    card: Any = {"payment_method": "pm_card_chargeDeclined"}

    with pytest.raises(stripe.CardError) as refusal:
        mock.client().v1.invoices.pay(invoice, card)
    assert (refusal.value.http_status, refusal.value.code) == (402, "card_declined")
    receiver.wait_for("invoice.payment_failed", count=2)
    assert mock.client().v1.invoices.retrieve(invoice).attempt_count == 2
    assert mock.client().v1.subscriptions.retrieve(subscription).status == "past_due"


def test_invoices_are_listed_by_what_they_are_for(mock: Mock) -> None:
    subscription, invoice = _owed(mock)
    mock.subscribed()
    invoices = mock.client().v1.invoices

    assert len(invoices.list().data) == 3
    assert len(invoices.list({"subscription": subscription}).data) == 2
    owed = invoices.list({"status": "open"}).data
    assert [found.id for found in owed] == [invoice]
    assert owed[0].number is not None
    assert owed[0].number.endswith("-0002")
    assert invoices.void_invoice(invoice).status == "void"


def test_money_goes_back_in_parts_and_never_more_than_came(mock: Mock, receiver: Receiver) -> None:
    mock.subscribed()
    api = mock.client().v1
    charge = api.charges.list().data[0]

    part = api.refunds.create({"charge": charge.id, "amount": 500, "reason": "duplicate"})
    assert (part.amount, part.status, part.reason) == (500, "succeeded", "duplicate")
    refunded = receiver.wait_for("charge.refunded")[0]["data"]
    assert (refunded["object"]["amount_refunded"], refunded["object"]["refunded"]) == (500, False)
    with pytest.raises(stripe.InvalidRequestError, match="1500"):
        api.refunds.create({"charge": charge.id, "amount": 1501})
    assert isinstance(charge.payment_intent, str)
    rest = api.refunds.create({"payment_intent": charge.payment_intent})
    assert rest.amount == 1500
    whole = api.charges.retrieve(charge.id, {"expand": ["refunds"]})
    assert whole.refunded
    assert whole.refunds is not None
    assert len(whole.refunds.data) == 2
    with pytest.raises(stripe.InvalidRequestError) as refusal:
        api.refunds.create({"charge": charge.id})
    assert refusal.value.code == "charge_already_refunded"


def test_a_charge_is_disputed_and_the_dispute_ends(mock: Mock, receiver: Receiver) -> None:
    mock.subscribed()
    charge = mock.client().v1.charges.list().data[0]
    assert mock.refused(f"charges/{charge.id}/dispute", {"status": "won"})[0] == 409

    dispute = mock.control(f"charges/{charge.id}/dispute", {"reason": "product_not_received"})
    assert (dispute["status"], dispute["charge"]) == ("needs_response", charge.id)
    receiver.wait_for("charge.dispute.created")
    assert mock.client().v1.charges.retrieve(charge.id).disputed
    mock.control(f"charges/{charge.id}/dispute", {"status": "lost"})
    closed = receiver.wait_for("charge.dispute.closed")[0]["data"]
    assert closed["object"]["status"] == "lost"
    assert mock.client().v1.disputes.retrieve(dispute["id"]).status == "lost"
