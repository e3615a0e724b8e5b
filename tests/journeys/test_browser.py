"""The whole journey by clicking, in a real Chromium; screenshots are kept in var/screenshots."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from devstack import chromium
from devstack.processes import ROOT
from tests.customer import PASSWORD, Order, Shop, Workspace

pytestmark = pytest.mark.browser
SCREENSHOTS = Path(os.environ.get("CONCIERGE_STATE", ROOT / "var")) / "screenshots"
PHONE, DESKTOP = {"width": 360, "height": 740}, {"width": 1280, "height": 900}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A Chromium; without one the test fails, for the journey would go unseen."""
    path = chromium.find()
    assert path, "no Chromium: set CHROMIUM, or install Debian's package"
    quiet = [
        "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync",
        "--disable-background-networking", "--disable-component-update",
    ]  # fmt: skip
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=quiet)
        yield browser
        browser.close()


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_buyer_clicks_through_to_the_first_sign_in(
    browser: Browser, shop: Shop, size: dict[str, int]
) -> None:
    order = Order()
    page = _page(browser, size)
    name = f"{size['width']}"

    page.goto(shop.stack.web_url)
    _fill(page, order)
    expect(page.get_by_text("is free").or_(page.get_by_text("available")).first).to_be_visible()
    _keep(page, f"1-sign-up-{name}")
    page.get_by_role("button", name="Continue to payment").click()
    _keep(page, f"2-pay-{name}")
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/welcome/**")
    link = page.get_by_role("link", name=f"{order.subdomain}.localhost")
    expect(link.first).to_be_visible(timeout=30_000)
    _keep(page, f"3-welcome-{name}")
    page.reload()
    expect(link.first).to_be_visible()

    workspace = Workspace(shop, order, "", _origin(shop, order))
    page.goto(f"{_origin(shop, order)}/accounts/set-password/{workspace.key()}/")
    _keep(page, f"4-set-password-{name}")
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.locator("[name=password2]").press("Enter")
    page.wait_for_url("**/accounts/login/**")
    _keep(page, f"5-sign-in-{name}")
    page.locator("[name=login]").fill(order.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")

    page.wait_for_url(f"{_origin(shop, order)}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.first_name)
    expect(page.locator("body")).to_contain_text(order.organization)
    _keep(page, f"6-home-{name}")


def test_a_taken_name_is_said_while_typing(browser: Browser, shop: Shop) -> None:
    taken = shop.buy().order.subdomain
    page = _page(browser, DESKTOP)

    page.goto(shop.stack.web_url)
    page.locator("[name=subdomain]").press_sequentially(taken)

    expect(page.get_by_text("This name is taken.")).to_be_visible()


def test_a_declined_card_says_so_and_leaving_keeps_the_way_back(
    browser: Browser, shop: Shop
) -> None:
    page = _page(browser, DESKTOP)
    page.goto(shop.stack.web_url)
    _fill(page, Order())
    page.get_by_role("button", name="Continue to payment").click()

    page.get_by_role("button", name="Decline").click()
    expect(page.locator("body")).to_contain_text("declined")
    page.get_by_role("button", name="Leave").click()

    page.wait_for_url("**/?signup=*")
    page.get_by_role("link", name="Continue to payment").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/welcome/**")


def test_everything_works_without_javascript(browser: Browser, shop: Shop) -> None:
    order = Order(subdomain=Order().subdomain)
    page = _page(browser, DESKTOP, java_script_enabled=False)

    page.goto(shop.stack.web_url)
    _fill(page, order)
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/welcome/**")

    link = page.get_by_role("link", name=f"{order.subdomain}.localhost")
    expect(link.first).to_be_visible(timeout=30_000)  # the page renews itself


def test_the_pages_speak_greek(browser: Browser, shop: Shop) -> None:
    page = _page(browser, DESKTOP, locale="el-GR")

    page.goto(shop.stack.web_url)

    expect(page.locator("html")).to_have_attribute("lang", "el")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("workspace")
    _keep(page, "greek")


def test_staff_retry_a_failed_event_in_the_admin(browser: Browser, shop: Shop) -> None:
    page = _page(browser, DESKTOP)
    session_id = shop.check_out(Order())
    env = shop.stack.env

    page.goto(f"{shop.stack.web_url}/admin/")
    page.locator("[name=username]").fill(env["DJANGO_SUPERUSER_EMAIL"])
    page.locator("[name=password]").fill(env["DJANGO_SUPERUSER_PASSWORD"])
    page.locator("[name=password]").press("Enter")
    page.goto(f"{shop.stack.web_url}/admin/onboarding/signup/?q={session_id}")

    expect(page.locator("body")).to_contain_text("Awaiting payment")
    _keep(page, "admin-signups")


def _fill(page: Page, order: Order) -> None:
    page.locator("[name=organization]").fill(order.organization)
    page.locator("[name=subdomain]").fill(order.subdomain)
    page.locator("[name=email]").fill(order.email)
    page.locator("[name=first_name]").fill(order.first_name)
    page.locator("[name=last_name]").fill(order.last_name)
    page.locator(f"[name=plan][value={order.plan}]").check(force=True)


def _page(browser: Browser, size: dict[str, int], **options: object) -> Page:
    page = browser.new_context(viewport=size, **options).new_page()  # type: ignore[arg-type]
    page.set_default_timeout(20_000)
    page.on("pageerror", lambda error: pytest.fail(f"script error: {error}"))
    return page


def _keep(page: Page, name: str) -> None:
    """Keep a screenshot, and see that nothing sticks out sideways."""
    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"{name}.png", full_page=True)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), name


def _origin(shop: Shop, order: Order) -> str:
    return shop.stack.web_url.replace("localhost", f"{order.subdomain}.localhost")
