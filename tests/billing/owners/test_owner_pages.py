"""The owner's page about the subscription, by clicking, and what others see in its place."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.billing.owners.owner import Owner
from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.customer import PASSWORD, until

pytestmark = pytest.mark.browser
SignIn = Callable[..., Page]


@pytest.fixture
def sign_in(browser: Browser) -> SignIn:
    """Sign somebody in and return their page."""

    def sign_in(person: Owner, size: dict[str, int] = DESKTOP, **options: object) -> Page:
        page = open_page(browser, size, **options)
        page.goto(f"{person.workspace.url}accounts/login/?next=/billing/")
        page.locator("[name=login]").fill(person.workspace.order.email)
        page.locator("[name=password]").fill(PASSWORD)
        page.locator("[name=password]").press("Enter")
        page.wait_for_url("**/billing/")
        return page

    return sign_in


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_an_owner_changes_the_plan_cancels_and_resumes(
    owner: Owner, sign_in: SignIn, size: dict[str, int]
) -> None:
    page = sign_in(owner, size, java_script_enabled=False)
    name = f"{size['width']}"
    expect(page.get_by_role("heading", level=1)).to_have_text("Subscription")
    expect(page.locator("dl.pairs").first).to_contain_text("Active")
    keep_screenshot(page, f"billing-{name}")

    page.get_by_role("link", name=re.compile("Professional: .* per year")).click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Professional")
    expect(page.locator("dl.sums")).to_contain_text("Charged now")
    keep_screenshot(page, f"billing-preview-{name}")
    assert len(owner.invoices()) == 1  # nothing has happened yet
    page.get_by_role("button", name="Confirm the change").click()
    page.wait_for_url("**/billing/")
    expect(page.locator(".notice.success")).to_have_text("Your plan is changed.")
    expect(page.locator("dl.pairs").first).to_contain_text("Professional")
    assert owner.get()["price"]["interval"] == "year"

    page.get_by_role("link", name="Cancel the subscription").click()
    expect(page.locator("main")).to_contain_text("stays open until")
    keep_screenshot(page, f"billing-cancel-{name}")
    page.get_by_role("button", name="Cancel the subscription").click()
    page.wait_for_url("**/billing/")
    expect(page.locator("dl.pairs").first).to_contain_text("Ends")
    assert owner.at_stripe["cancel_at_period_end"]
    keep_screenshot(page, f"billing-cancelled-{name}")

    page.get_by_role("button", name="Resume the subscription").click()
    page.wait_for_url("**/billing/")
    expect(page.locator(".notice.success")).to_have_text("Your subscription goes on.")
    assert not owner.at_stripe["cancel_at_period_end"]


@pytest.mark.parametrize("locale", ["en-GB", "el-GR"])
def test_an_upgrade_whose_bank_asks_waits_until_it_is_confirmed_or_given_up(
    owner: Owner, sign_in: SignIn, locale: str
) -> None:
    """Case 4."""
    owner.pay_with("pm_card_authenticationRequired")
    page = sign_in(owner, PHONE, locale=locale)
    waiting = page.locator("[data-pending=plan]")
    _ask_for_professional(page)
    expect(waiting).to_contain_text("€")
    assert owner.get()["plan"]["code"] == "starter"
    keep_screenshot(page, f"billing-pending-{locale[:2]}")
    waiting.get_by_role("button").click()
    page.wait_for_url("**/billing/")
    expect(page.locator(".notice.success")).to_be_visible()
    expect(waiting).to_have_count(0)
    assert owner.get()["plan"]["code"] == "starter"
    assert [each["status"] for each in owner.invoices()] == ["void", "paid"]

    _ask_for_professional(page)
    waiting.get_by_role("link").click()
    page.get_by_role("button", name="Confirm the payment").click()
    expect(page.get_by_text("This invoice is paid.")).to_be_visible()
    until(lambda: owner.get()["plan"]["code"] == "professional")
    page.goto(f"{owner.workspace.url}billing/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    expect(waiting).to_have_count(0)


def _ask_for_professional(page: Page) -> None:
    page.locator("a[href*='plan=professional'][href*='interval=month']").click()
    page.locator("form[action='/billing/change/'] button[type=submit]").click()
    page.wait_for_url("**/billing/")


def test_a_declined_card_is_told_on_the_page(owner: Owner, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.get_by_role("link", name=re.compile("Professional: .* per month")).click()
    owner.fault(path="/v1/subscriptions", method="POST", status=402, count=1)
    page.get_by_role("button", name="Confirm the change").click()
    page.wait_for_url("**/billing/")
    expect(page.locator(".notice.error")).to_contain_text("declined")
    assert owner.get()["plan"]["code"] == "starter"


def test_sending_the_same_form_twice_charges_once(owner: Owner, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.get_by_role("link", name=re.compile("Professional: .* per month")).click()
    expect(page.get_by_role("button", name="Confirm the change")).to_be_visible()
    preview = page.url
    page.get_by_role("button", name="Confirm the change").dblclick()
    page.wait_for_url("**/billing/")
    page.goto(preview)
    expect(page.locator(".notice.error")).to_contain_text("the plan that you have")
    assert len(owner.invoices()) == 2


def test_the_portal_opens_at_stripe_and_leads_back(owner: Owner, sign_in: SignIn) -> None:
    page = sign_in(owner)
    page.get_by_role("button", name="Cards and billing address").click()
    page.wait_for_url("**/portal/**")
    page.get_by_role("link", name=re.compile("back|return", re.IGNORECASE)).first.click()
    page.wait_for_url("**/billing/")


def test_a_manager_is_asked_to_ask_the_owner(owner: Owner, sign_in: SignIn) -> None:
    page = sign_in(owner.colleague("manager"))
    expect(page.get_by_role("heading", level=1)).to_have_text("Please ask the owner")
    keep_screenshot(page, "billing-manager")
    for path in ("change/?plan=professional&interval=year", "cancel/"):
        answer = page.goto(f"{owner.workspace.url}billing/{path}")
        assert answer is not None
        assert answer.status == 403


def test_an_overdue_payment_is_said_on_every_page_of_those_who_run_it(
    owner: Owner, sign_in: SignIn
) -> None:
    owner.move("past_due")
    until(lambda: owner.tenant.access_review_at)
    page = sign_in(owner)
    expect(page.locator(".notice.warning")).to_contain_text("overdue")
    expect(page.get_by_role("heading", name="A payment is open")).to_be_visible()
    keep_screenshot(page, "billing-past-due")
    until(lambda: _reads(page, owner.workspace.url, ".notice.warning", "overdue"))
    keep_screenshot(page, "home-past-due")
    page.get_by_role("link", name="Settle the payment").click()
    page.wait_for_url("**/billing/")

    resident = sign_in(owner.colleague("resident"))
    resident.goto(owner.workspace.url)
    expect(resident.locator(".notice")).to_have_count(0)


def test_a_suspended_workspace_tells_its_owner_and_its_people_what_to_do(
    owner: Owner, sign_in: SignIn
) -> None:
    resident = sign_in(owner.colleague("resident"), PHONE)
    owner.move("unpaid")
    until(lambda: owner.ask("GET", "/api/schema/").status_code == 402)

    page = sign_in(owner, PHONE)
    expect(page.locator(".notice.error")).to_contain_text("paused")
    keep_screenshot(page, "billing-suspended")
    answer = page.goto(owner.workspace.url)
    assert answer is not None
    assert answer.status == 402
    page.get_by_role("link", name="See your subscription").click()
    page.wait_for_url("**/billing/")

    answer = resident.goto(owner.workspace.url)
    assert answer is not None
    assert answer.status == 402
    expect(resident.locator("main")).to_contain_text("ask the owner")
    keep_screenshot(resident, "suspended-resident")


def test_the_page_speaks_greek(owner: Owner, sign_in: SignIn) -> None:
    page = sign_in(owner, PHONE, locale="el-GR")
    expect(page.get_by_role("heading", level=1)).to_have_text("Συνδρομή")
    keep_screenshot(page, "billing-greek")
    page.get_by_role("link", name=re.compile("τον χρόνο")).last.click()
    expect(page.get_by_role("button", name="Επιβεβαίωση της αλλαγής")).to_be_visible()
    keep_screenshot(page, "billing-preview-greek")


def _reads(page: Page, url: str, where: str, text: str) -> bool:
    page.goto(url)
    return page.locator(where).filter(has_text=text).count() == 1
