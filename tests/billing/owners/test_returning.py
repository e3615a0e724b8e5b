"""Coming back after the end: the same workspace with all that is in it, paid for once."""

from __future__ import annotations

import re
import secrets
from concurrent.futures import ThreadPoolExecutor

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


def pages_of(former: Owner) -> list[str]:
    """Return the states of the payment pages that were made since the first purchase."""
    customer = former.at_stripe["customer"]
    sessions = former.stripe(f"checkout/sessions?customer={customer}")["data"]
    return [each["status"] for each in sessions if each["id"] != former.workspace.session_id]


def test_pressing_many_times_at_once_leaves_one_page(former: Owner) -> None:
    former.fault(path="/v1/checkout/sessions", method="POST", delay_ms=150)
    with ThreadPoolExecutor(max_workers=4) as pool:
        presses = [pool.submit(former.post, "begin-again", PLAN) for _ in range(4)]
        statuses = {press.result().status_code for press in presses}
    assert 200 in statuses
    assert statuses <= {200, 409}
    assert pages_of(former).count("open") == 1


def test_a_page_whose_answer_was_lost_is_the_one_that_is_given(former: Owner) -> None:
    key = secrets.token_hex(8)
    lost = {"method": "POST", "drop_connection": True, "after": True, "count": 1}
    former.fault(path="/v1/checkout/sessions", **lost)
    assert former.post("begin-again", PLAN, key=key).status_code == 502
    again = former.post("begin-again", PLAN, key=key)
    assert again.status_code == 200, again.text
    assert pages_of(former) == ["open"]
    given = former.stripe(f"checkout/sessions/{session_of(again.json()['url'])}")
    assert given["status"] == "open"


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
