"""The whole journey by clicking, in a real Chromium; screenshots are kept in var/screenshots."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.customer import PASSWORD, Order, Shop, Workspace

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_buyer_clicks_through_to_the_first_sign_in(
    browser: Browser, shop: Shop, size: dict[str, int]
) -> None:
    order = Order()
    page = open_page(browser, size)
    name = f"{size['width']}"

    page.goto(shop.stack.web_url)
    _fill(page, order)
    expect(page.get_by_text("is free").or_(page.get_by_text("available")).first).to_be_visible()
    keep_screenshot(page, f"1-sign-up-{name}")
    page.get_by_role("button", name="Continue to payment").click()
    keep_screenshot(page, f"2-pay-{name}")
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/welcome/**")
    link = page.get_by_role("link", name=f"{order.subdomain}.localhost")
    expect(link.first).to_be_visible(timeout=30_000)
    keep_screenshot(page, f"3-welcome-{name}")
    page.reload()
    expect(link.first).to_be_visible()

    workspace = Workspace(shop, order, "", _origin(shop, order))
    page.goto(f"{_origin(shop, order)}/accounts/set-password/{workspace.key()}/")
    keep_screenshot(page, f"4-set-password-{name}")
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("[name=password2]").fill(PASSWORD)
    page.locator("[name=password2]").press("Enter")
    page.wait_for_url("**/accounts/login/**")
    keep_screenshot(page, f"5-sign-in-{name}")
    page.locator("[name=login]").fill(order.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")

    page.wait_for_url(f"{_origin(shop, order)}/")
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.first_name)
    expect(page.locator("body")).to_contain_text(order.organization)
    keep_screenshot(page, f"6-home-{name}")


def test_a_taken_name_is_said_while_typing(browser: Browser, shop: Shop) -> None:
    taken = shop.buy().order.subdomain
    page = open_page(browser, DESKTOP)

    page.goto(shop.stack.web_url)
    page.locator("[name=subdomain]").press_sequentially(taken)

    expect(page.get_by_text("This name is taken.")).to_be_visible()


def test_a_declined_card_says_so_and_leaving_keeps_the_way_back(
    browser: Browser, shop: Shop
) -> None:
    page = open_page(browser, DESKTOP)
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


def test_who_left_the_payment_changes_the_order_or_gives_it_up(
    browser: Browser, shop: Shop
) -> None:
    order = Order()
    page = open_page(browser, DESKTOP)
    page.goto(shop.stack.web_url)
    _fill(page, order)
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url("**/?signup=*")
    expect(page.locator("[name=organization]")).to_have_value(order.organization)
    page.locator("[name=subdomain]").press("End")
    page.locator("[name=subdomain]").press("x")
    page.locator("[name=subdomain]").press("Backspace")
    expect(page.get_by_text("This address is free.")).to_be_visible()
    keep_screenshot(page, "left")
    page.locator("[name=interval][value=year]").check(force=True)
    page.get_by_role("button", name="Continue to payment").click()
    expect(page.locator("body")).to_contain_text("year")
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url("**/?signup=*")
    page.get_by_role("button", name="Give up this order").click()
    expect(page.get_by_text("Your order is given up.")).to_be_visible()
    keep_screenshot(page, "given-up")
    page.locator("[name=subdomain]").press_sequentially(order.subdomain)
    expect(page.get_by_text("This address is free.")).to_be_visible()


def test_who_went_back_by_the_browser_buys_the_changed_order_under_the_same_name(
    browser: Browser, shop: Shop
) -> None:
    """Without scripts, so that the form comes back with the key that it was sent with."""
    page = open_page(browser, DESKTOP, java_script_enabled=False)
    page.goto(shop.stack.web_url)
    _fill(page, Order())
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url("**/pay/**")
    page.go_back()
    page.locator("[name=interval][value=year]").check(force=True)
    page.get_by_role("button", name="Continue to payment").click()
    page.wait_for_url("**/pay/**")
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/welcome/**")


def test_everything_works_without_javascript(browser: Browser, shop: Shop) -> None:
    order = Order(subdomain=Order().subdomain)
    page = open_page(browser, DESKTOP, java_script_enabled=False)

    page.goto(shop.stack.web_url)
    _fill(page, order)
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/welcome/**")

    link = page.get_by_role("link", name=f"{order.subdomain}.localhost")
    expect(link.first).to_be_visible(timeout=30_000)  # the page renews itself


def test_the_pages_speak_greek(browser: Browser, shop: Shop) -> None:
    page = open_page(browser, DESKTOP, locale="el-GR")

    page.goto(shop.stack.web_url)

    expect(page.locator("html")).to_have_attribute("lang", "el")
    expect(page.get_by_role("heading", level=1)).not_to_contain_text("workspace")
    keep_screenshot(page, "greek")


def _fill(page: Page, order: Order) -> None:
    page.locator("[name=organization]").fill(order.organization)
    page.locator("[name=subdomain]").fill(order.subdomain)
    page.locator("[name=email]").fill(order.email)
    page.locator("[name=first_name]").fill(order.first_name)
    page.locator("[name=last_name]").fill(order.last_name)
    page.locator(f"[name=plan][value={order.plan}]").check(force=True)


def _origin(shop: Shop, order: Order) -> str:
    return shop.stack.web_url.replace("localhost", f"{order.subdomain}.localhost")
