"""The pages that a newcomer clicks through, by HTTP and in a real browser."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import PHONE, open_page
from tests.mock_stripe.mock_server import Mock, Receiver, Reply


def _press(mock: Mock, path: str, **fields: str) -> Reply:
    body = "&".join(f"{name}={value}" for name, value in fields.items())
    kind = {"Content-Type": "application/x-www-form-urlencoded"}
    return mock.request("POST", path, body, kind)


def test_pay_leads_back_once_the_shop_has_taken_the_event(mock: Mock, receiver: Receiver) -> None:
    def slow(_delivery: object) -> int:
        time.sleep(0.6)
        return 200

    receiver.answers = slow
    session = mock.session()
    mock.settled()
    started = time.monotonic()
    reply = _press(mock, f"/pay/{session.id}", action="pay")

    assert (reply.status, reply.headers["location"]) == (303, session.success_url)
    assert 0.6 <= time.monotonic() - started < 5
    assert receiver.events("checkout.session.completed")
    again = _press(mock, f"/pay/{session.id}", action="pay")
    assert (again.status, again.headers["location"]) == (303, session.success_url)
    assert len(mock.client().v1.subscriptions.list().data) == 1


def test_pay_does_not_wait_for_ever(mock: Mock, receiver: Receiver) -> None:
    receiver.answers = lambda _delivery: 500
    session = mock.session()
    started = time.monotonic()
    reply = _press(mock, f"/pay/{session.id}", action="pay")

    assert reply.status == 303
    assert 9.5 <= time.monotonic() - started < 13


def test_leave_goes_where_the_shop_said(mock: Mock) -> None:
    session = mock.session()
    reply = _press(mock, f"/pay/{session.id}", action="leave")

    assert (reply.status, reply.headers["location"]) == (303, session.cancel_url)
    assert mock.client().v1.checkout.sessions.retrieve(session.id).status == "open"


def test_pay_means_the_trial_where_there_is_one(mock: Mock) -> None:
    session = mock.session(subscription_data={"trial_period_days": 14})
    _press(mock, f"/pay/{session.id}", action="pay")

    done = mock.client().v1.checkout.sessions.retrieve(session.id)
    assert done.payment_status == "no_payment_required"


def test_an_ended_session_says_so(mock: Mock) -> None:
    expired, done = mock.session(), mock.session()
    mock.complete(expired.id, "expired")
    mock.complete(done.id)

    page = mock.request("GET", f"/pay/{expired.id}").body
    assert "has expired" in page
    assert "<button" not in page
    assert "is complete" in mock.request("GET", f"/pay/{done.id}").body
    reply = _press(mock, f"/pay/{expired.id}", action="pay")
    assert reply.headers["location"] == f"/pay/{expired.id}"
    assert mock.request("GET", "/pay/cs_test_none").status == 404
    assert mock.request("GET", "/elsewhere").status == 404


def test_words_from_outside_stay_words(mock: Mock) -> None:
    product = mock.client().v1.products.create({"name": "<script>alert(1)</script>"})
    session = mock.session(mock.price(product=product.id).id)
    page = mock.request("GET", f"/pay/{session.id}")

    assert "<script>" not in page.body
    assert "&lt;script&gt;" in page.body
    assert "default-src 'none'" in page.headers["content-security-policy"]


def _fits(page: Page) -> bool:
    return bool(page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"))


@pytest.mark.browser
def test_a_newcomer_clicks_through_the_payment(mock: Mock, browser: Browser) -> None:
    product = mock.client().v1.products.create({"name": "Building"})
    back = f"{mock.url}/_control/ready?from="
    session = mock.session(
        mock.price(product=product.id).id,
        success_url=f"{back}{{CHECKOUT_SESSION_ID}}",
        cancel_url=f"{back}leave",
        subscription_data={"trial_period_days": 14},
    )
    page = open_page(browser, PHONE)
    assert session.url is not None

    page.goto(session.url)
    for shown in ("Test mode", "Building", "EUR 20.00", "per month", "14 days", "eleni@"):
        expect(page.get_by_text(shown).first).to_be_visible()
    assert _fits(page)
    page.get_by_role("button", name="Decline", exact=True).click()
    expect(page.get_by_role("alert")).to_contain_text("card was declined")
    page.get_by_role("button", name="Leave", exact=True).click()
    page.wait_for_url("**from=leave")
    page.goto(session.url)
    page.get_by_role("button", name="Pay", exact=True).press("Enter")
    page.wait_for_url(f"**from={session.id}")
    page.context.close()


@pytest.mark.browser
def with_cancelling(mock: Mock) -> str:
    """Make a configuration of the portal that lets customers cancel."""
    features: Any = {"subscription_cancel": {"enabled": True}}
    return mock.client().v1.billing_portal.configurations.create({"features": features}).id


def test_a_customer_looks_after_the_subscription(mock: Mock, browser: Browser) -> None:
    done = mock.complete(mock.session().id)
    subscriptions = mock.client().v1.subscriptions
    portal = mock.client().v1.billing_portal.sessions.create(
        {
            "customer": done["customer"],
            "configuration": with_cancelling(mock),
            "return_url": f"{mock.url}/_control/ready?back",
        }
    )
    page = open_page(browser, PHONE)

    page.goto(portal.url)
    assert _fits(page)
    page.get_by_role("button", name="Cancel").click()
    page.get_by_role("button", name="Resume").wait_for()
    assert subscriptions.retrieve(done["subscription"]).cancel_at_period_end
    page.get_by_role("button", name="Resume").click()
    page.get_by_role("button", name="Simulate a failed payment").click()
    expect(page.get_by_text("past_due")).to_be_visible()
    page.get_by_role("button", name="Pay what is due").click()
    expect(page.get_by_text("active")).to_be_visible()
    assert not subscriptions.retrieve(done["subscription"]).cancel_at_period_end
    page.get_by_role("link", name="Return").click()
    page.wait_for_url("**?back")
    page.context.close()


def test_a_portal_opens_only_its_customers_subscriptions(mock: Mock) -> None:
    mine, other = mock.complete(mock.session().id), mock.complete(mock.session().id)
    portal = mock.client().v1.billing_portal.sessions.create(
        {"customer": mine["customer"], "configuration": with_cancelling(mock)}
    )
    path = f"/portal/{portal.id}"

    assert _press(mock, path, action="cancel", subscription=other["subscription"]).status == 403
    assert _press(mock, path, action="hug", subscription=mine["subscription"]).status == 400
    assert _press(mock, path, action="cancel", subscription="sub_none").status == 404
