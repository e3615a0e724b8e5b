"""Coming back after the end: the same workspace with all that is in it, paid for once."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, expect

from tests.billing.owners.owner import Owner
from tests.browsing import DESKTOP, keep_screenshot, open_page
from tests.customer import PASSWORD, until

PLAN = {"plan": "professional", "interval": "month"}


@pytest.fixture
def former(owner: Owner) -> Owner:
    """Eleni, whose subscription has ended."""
    owner.move("canceled")
    until(lambda: owner.get()["suspended"])
    return owner


def session_of(url: str) -> str:
    """Return the checkout session of a payment page."""
    found = re.search(r"cs_\w+", url)
    assert found
    return found[0]


def test_a_former_owner_pays_again_and_everything_is_back(former: Owner) -> None:
    answer = former.post("begin-again", PLAN)
    assert answer.status_code == 200, answer.text
    before = former.tenant
    former.shop.pay(session_of(answer.json()["url"]))
    shown = until(lambda: not (seen := former.get())["suspended"] and seen)
    assert (shown["status"], shown["plan"]["code"]) == ("active", "professional")
    assert former.tenant.schema_name == before.schema_name
    assert former.post("begin-again", PLAN).status_code == 409


def test_only_one_payment_page_is_open(former: Owner) -> None:
    first, second = (former.post("begin-again", PLAN).json()["url"] for _ in range(2))
    assert first != second
    states = [
        former.stripe(f"checkout/sessions/{session_of(url)}")["status"] for url in (first, second)
    ]
    assert states == ["expired", "open"]


def test_nobody_pays_twice_while_the_news_of_the_first_payment_is_under_way(
    former: Owner,
) -> None:
    url = former.post("begin-again", PLAN).json()["url"]
    former.shop.control("delivery", {"drop": True}).raise_for_status()
    try:
        former.shop.pay(session_of(url))
        assert former.post("begin-again", PLAN).status_code == 409
    finally:
        former.shop.control("delivery", {"drop": False}).raise_for_status()


def test_who_has_a_subscription_needs_no_second_one(owner: Owner) -> None:
    refused = owner.post("begin-again", PLAN)
    assert refused.status_code == 409
    assert owner.get()["actions"]["begin_again"] is False


@pytest.mark.browser
def test_a_former_owner_comes_back_by_clicking(browser: Browser, former: Owner) -> None:
    page = open_page(browser, DESKTOP)
    page.goto(f"{former.workspace.url}accounts/login/?next=/billing/")
    page.locator("[name=login]").fill(former.workspace.order.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/billing/")
    expect(page.get_by_role("heading", name="Begin again")).to_be_visible()
    keep_screenshot(page, "billing-ended")
    page.get_by_role("button", name=re.compile("Professional: .* per month")).click()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/billing/")
    until(lambda: not former.get()["suspended"])
    page.reload()
    expect(page.locator("dl.pairs").first).to_contain_text("Active")
