"""The front page: what can happen to a subscription, the clock, and what was delivered."""

from __future__ import annotations

import time

import pytest
from playwright.sync_api import Browser, expect

from tests.browsing import PHONE, open_page
from tests.mock_stripe.mock_server import Mock, Receiver

DAY = 86_400


@pytest.mark.browser
def test_the_address_is_a_page_with_subscriptions_clock_and_deliveries(
    mock: Mock, browser: Browser
) -> None:
    subscription = mock.subscribed()
    mock.settled()
    page = open_page(browser, PHONE)
    page.goto(mock.url)
    section = page.locator(f"section#{subscription}")
    expect(section.get_by_text("active", exact=True)).to_be_visible()
    section.get_by_role("button", name="Payment fails").click()
    expect(section.get_by_text("past_due", exact=True)).to_be_visible()
    page.get_by_role("button", name="A month on").click()
    expect(page.get_by_text("31 days ahead")).to_be_visible()
    expect(page.locator("#deliveries")).to_contain_text("invoice.payment_failed")


@pytest.mark.parametrize(
    ("outcome", "what", "status", "event"),
    [
        ("paid", "failed-payment", "past_due", "invoice.payment_failed"),
        ("paid", "unpaid", "unpaid", "customer.subscription.updated"),
        ("paid", "cancellation", "canceled", "customer.subscription.deleted"),
        ("paid", "dispute", "active", "charge.dispute.created"),
        ("paid", "refund", "active", "charge.refunded"),
        ("trial", "end-of-trial", "active", "invoice.paid"),
        ("trial", "trial-will-end", "trialing", "customer.subscription.trial_will_end"),
    ],
)
def test_what_the_buttons_do_can_be_done_by_a_control(
    mock: Mock, receiver: Receiver, outcome: str, what: str, status: str, event: str
) -> None:
    subscription = mock.subscribed(outcome=outcome)
    after = mock.control(f"subscriptions/{subscription}/simulate", {"what": what})
    assert after["status"] == status
    receiver.wait_for(event)


def test_what_cannot_happen_is_refused_in_words(mock: Mock) -> None:
    subscription = mock.subscribed()
    path = f"subscriptions/{subscription}/simulate"
    assert mock.refused(path, {"what": "rain"})[0] == 400
    assert mock.refused(path, {"what": "end-of-trial"}) == (
        409,
        f"{subscription} is not in a trial.",
    )
    mock.control(path, {"what": "refund"})
    status, words = mock.refused(path, {"what": "dispute"})
    assert (status, words) == (409, f"Nothing was paid for {subscription} that could come back.")


def test_a_checkout_that_begins_after_the_clock_was_put_forward_can_be_paid_and_expires(
    mock: Mock, receiver: Receiver
) -> None:
    mock.control("clock", {"advance": 31 * DAY})
    mock.stop()
    mock.start()
    ends = int(time.time()) + 3600
    first, second = (mock.session(expires_at=ends) for _ in range(2))
    assert mock.complete(first.id)["status"] == "complete"
    mock.control("clock", {"advance": 3601})
    [expired] = receiver.wait_for("checkout.session.expired")
    assert expired["data"]["object"]["id"] == second.id


def test_a_reset_forgets_what_has_happened_and_goes_on(mock: Mock, receiver: Receiver) -> None:
    mock.subscribed()
    mock.control("faults", {"status": 500})
    mock.settled()
    mock.control("reset", {})
    client = mock.client().v1
    assert list(client.subscriptions.list({"status": "all"}).data) == []
    assert list(client.prices.list().data) == []
    assert len(client.webhook_endpoints.list().data) == 1
    before = len(receiver.events("checkout.session.completed"))
    mock.subscribed()
    receiver.wait_for("checkout.session.completed", count=before + 1)
