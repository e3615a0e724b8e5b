"""Invoices as people see them, and subscriptions whose card does not pay for a change."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
import stripe
from playwright.sync_api import Browser, expect

from tests.browsing import PHONE, keep_screenshot, open_page
from tests.mock_stripe.mock_server import Mock, Receiver, Reply

DECLINES, ASKS = "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"


def _open_invoice(mock: Mock) -> tuple[str, stripe.Invoice]:
    subscription = mock.subscribed()
    invoice = str(mock.move(subscription, "past_due")["latest_invoice"])
    return subscription, mock.client().v1.invoices.retrieve(invoice)


def _path(url: str | None) -> str:
    assert url is not None
    return "/" + url.split("/", 3)[3]


def _press(mock: Mock, url: str | None, action: str) -> Reply:
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return mock.request("POST", _path(url), f"action={action}", kind)


def test_an_open_invoice_is_paid_on_its_page(mock: Mock, receiver: Receiver) -> None:
    subscription, invoice = _open_invoice(mock)
    page = mock.request("GET", _path(invoice.hosted_invoice_url))
    assert page.status == 200
    assert str(invoice.number) in page.body
    assert "EUR 20.00" in page.body

    assert _press(mock, invoice.hosted_invoice_url, "decline").status == 303
    assert mock.client().v1.invoices.retrieve(str(invoice.id)).attempt_count == 2
    assert _press(mock, invoice.hosted_invoice_url, "pay").status == 303
    _press(mock, invoice.hosted_invoice_url, "pay")  # pressed twice

    assert mock.client().v1.invoices.retrieve(str(invoice.id)).status == "paid"
    assert mock.client().v1.subscriptions.retrieve(subscription).status == "active"
    assert len(receiver.wait_for("invoice.paid", count=2)) == 2
    assert "is paid" in mock.request("GET", _path(invoice.hosted_invoice_url)).body


@pytest.mark.browser
def test_the_invoice_page_in_a_browser(mock: Mock, browser: Browser) -> None:
    _subscription, invoice = _open_invoice(mock)
    page = open_page(browser, PHONE)
    page.goto(mock.url + _path(invoice.hosted_invoice_url))
    keep_screenshot(page, "mock-invoice-360")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_text("This invoice is paid.")).to_be_visible()
    page.context.close()


def test_an_invoice_is_printed_as_a_pdf_whose_table_points_at_its_objects(mock: Mock) -> None:
    _subscription, invoice = _open_invoice(mock)
    reply = requests.get(mock.url + _path(invoice.invoice_pdf), timeout=10)
    assert (reply.status_code, reply.headers["Content-Type"]) == (200, "application/pdf")
    printed = reply.content
    assert printed.startswith(b"%PDF-1.4")
    assert printed.endswith(b"%%EOF\n")
    assert f"Invoice {invoice.number}".encode() in printed
    table = int(re.findall(rb"startxref\n(\d+)\n", printed)[0])
    assert printed[table:].startswith(b"xref\n0 6\n")
    places = [int(place) for place in re.findall(rb"(\d{10}) 00000 n", printed)]
    assert len(places) == 5
    for number, place in enumerate(places, start=1):
        assert printed[place:].startswith(b"%d 0 obj" % number)
    length = int(re.findall(rb"/Length (\d+)", printed)[0])
    stream = printed.split(b"stream\n", 1)[1].split(b"\nendstream")[0]
    assert len(stream) == length


def test_a_draft_has_no_page(mock: Mock) -> None:
    subscription = mock.subscribed()
    mock.client().v1.subscriptions.update(
        subscription, {"pause_collection": {"behavior": "keep_as_draft"}}
    )
    mock.control("clock", {"advance": 32 * 86_400})
    drafts: Any = {"status": "draft"}
    [draft] = mock.client().v1.invoices.list(drafts).data
    assert (draft.hosted_invoice_url, draft.invoice_pdf) == (None, None)
    assert mock.request("GET", f"/invoice/{draft.id}").status == 404


def _with_card(mock: Mock, card: str, **more: str) -> tuple[str, Any]:
    """Return a subscription that is paid with such a card, and a change to a dearer price."""
    price = mock.price(2000)
    subscription = mock.subscribed(price.id)
    api = mock.client().v1
    before = api.subscriptions.retrieve(subscription)
    attached = api.payment_methods.attach(card, {"customer": str(before.customer)})
    api.subscriptions.update(subscription, {"default_payment_method": attached.id})
    dearer = mock.price(9000, product=str(price.product))
    item = before["items"].data[0].id
    return subscription, {
        "items": [{"id": item, "price": dearer.id}],
        "proration_behavior": "always_invoice",
        "proration_date": before.created,
        **more,
    }


@pytest.mark.parametrize(
    ("card", "code"),
    [(DECLINES, "card_declined"), (ASKS, "subscription_payment_intent_requires_action")],
)
def test_a_change_that_must_be_paid_changes_nothing_when_it_is_not(
    mock: Mock, card: str, code: str
) -> None:
    subscription, change = _with_card(mock, card, payment_behavior="error_if_incomplete")
    api = mock.client().v1
    before = api.subscriptions.retrieve(subscription)

    with pytest.raises(stripe.CardError) as refusal:
        api.subscriptions.update(subscription, change)
    assert (refusal.value.http_status, refusal.value.code) == (402, code)
    assert api.subscriptions.retrieve(subscription) == before
    assert len(api.invoices.list({"subscription": subscription}).data) == 1


@pytest.mark.parametrize("behaviour", [None, "allow_incomplete", "default_incomplete"])
def test_a_change_that_may_be_owed_is_made_and_owed(
    mock: Mock, receiver: Receiver, behaviour: str | None
) -> None:
    chosen = {"payment_behavior": behaviour} if behaviour else {}
    subscription, change = _with_card(mock, DECLINES, **chosen)
    after = mock.client().v1.subscriptions.update(subscription, change)

    assert after.status == "past_due"
    assert after["items"].data[0].price.unit_amount == 9000
    invoice = mock.client().v1.invoices.retrieve(str(after.latest_invoice))
    tried = 0 if behaviour == "default_incomplete" else 1
    assert (invoice.status, invoice.attempt_count) == ("open", tried)
    mock.settled()
    assert len(receiver.events("invoice.payment_failed")) == tried


def test_a_behaviour_that_the_mock_does_not_know_is_refused(mock: Mock) -> None:
    subscription, change = _with_card(mock, DECLINES, payment_behavior="as_you_like")
    with pytest.raises(stripe.InvalidRequestError, match="payment_behavior"):
        mock.client().v1.subscriptions.update(subscription, change)


def test_a_bank_that_asks_is_told_of_until_the_owner_has_confirmed(
    mock: Mock, receiver: Receiver
) -> None:
    subscription, _change = _with_card(mock, ASKS)
    mock.control("clock", {"advance": 32 * 86_400})
    receiver.wait_for("invoice.payment_action_required")
    found = mock.client().v1.subscriptions.retrieve(subscription)
    assert found.status == "past_due"
    expand: Any = {"expand": ["payments.data.payment.payment_intent"]}
    invoice = mock.client().v1.invoices.retrieve(str(found.latest_invoice), expand)
    payments: Any = invoice.payments
    assert payments.data[0].payment.payment_intent.status == "requires_action"

    _press(mock, invoice.hosted_invoice_url, "pay")
    assert mock.client().v1.subscriptions.retrieve(subscription).status == "active"


def test_only_cards_that_behave_as_stripes_test_cards_are_attached(mock: Mock) -> None:
    customer = mock.client().v1.customers.create({})
    with pytest.raises(stripe.InvalidRequestError, match="pm_card_visa"):
        mock.client().v1.payment_methods.attach("pm_card_mine", {"customer": customer.id})


def test_a_dripping_answer_comes_letter_by_letter(mock: Mock) -> None:
    customer = mock.client().v1.customers.create({}).id
    whole = mock.call("GET", f"/v1/customers/{customer}").body
    mock.control("faults", {"drip_ms": 1, "count": 1})
    assert mock.call("GET", f"/v1/customers/{customer}").body == whole
