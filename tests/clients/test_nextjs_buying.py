"""The Next.js site in a real browser: from the prices to the first sign-in."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browsing import DESKTOP, PHONE, keep_screenshot
from tests.clients.site import Site, Visit, give_credentials
from tests.customer import PASSWORD, Order

# Whoever comes first may have to build the site.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]
READERS = [
    pytest.param(DESKTOP, "en-GB", id="in English at a desk"),
    pytest.param(PHONE, "el-GR", id="in Greek on a phone"),
]


@pytest.mark.parametrize(("size", "language"), READERS)
def test_a_buyer_turns_back_changes_the_interval_pays_and_signs_in(
    site: Site, visit: Visit, size: dict[str, int], language: str
) -> None:
    order, page, kept = Order(), visit(size=size, language=language), f"nextjs-{language}"

    page.goto(site.url)
    expect(page.locator("html")).to_have_attribute("lang", language[:2])
    _fill(page, order)
    expect(page.locator("[aria-live]", has_text=re.compile(r"free|διαθέσιμο"))).to_be_visible()
    keep_screenshot(page, f"{kept}-1-prices")
    _send(page)

    page.get_by_role("button", name="Leave").click()
    page.wait_for_url("**/?signup=*")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("waiting for its payment|περιμένει την πληρωμή")
    )
    assert page.locator("[name=subdomain]").input_value() == order.subdomain
    page.locator("[name=interval][value=year]").check(force=True)
    keep_screenshot(page, f"{kept}-2-back-again")
    _send(page)
    expect(page.locator("body")).to_contain_text("490")
    page.get_by_role("button", name="Pay", exact=True).click()

    page.wait_for_url("**/welcome/**")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("is ready|είναι έτοιμος"), timeout=60_000
    )
    keep_screenshot(page, f"{kept}-3-welcome")
    link = site.link_to(order.email, "set-password")
    page.get_by_role("button", name=re.compile("again|ξανά")).click()
    expect(page.get_by_role("status")).to_be_visible()

    page.goto(link)
    keep_screenshot(page, f"{kept}-4-password")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password_again]").fill("not-the-same-word")
    page.locator("[name=password_again]").press("Enter")
    expect(page.get_by_role("alert").first).to_be_focused()
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password_again]").fill(PASSWORD)
    page.locator("[name=password_again]").press("Enter")
    page.wait_for_url("**/sign-in?said=password")
    keep_screenshot(page, f"{kept}-5-sign-in")
    give_credentials(page, order.email, PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.first_name)
    expect(page.locator("header").first).to_contain_text(order.organization)
    keep_screenshot(page, f"{kept}-6-first-day")


def test_a_taken_name_is_said_while_typing_and_at_the_form(site: Site, visit: Visit) -> None:
    taken = site.shop.buy().order.subdomain
    page = visit()
    page.goto(site.url)
    _fill(page, Order(subdomain=taken))
    expect(page.get_by_text("This name is taken.")).to_be_visible()
    page.locator("[name=email]").press("Enter")
    expect(page.get_by_role("alert").first).to_be_focused()
    field = page.locator("[name=subdomain]")
    expect(field).to_have_attribute("aria-invalid", "true")
    assert page.locator("[name=organization]").input_value() == "Sunny Court", (
        "what was typed stays"
    )
    keep_screenshot(page, "nextjs-name-taken")


def test_an_organisation_suggests_a_name_in_latin_letters(site: Site, visit: Visit) -> None:
    page = visit(language="el-GR")
    page.goto(site.url)
    page.locator("[name=organization]").fill("Πολυκατοικία Ηλιούπολης 7")
    expect(page.locator("[name=subdomain]")).to_have_value("polykatoikia-ilioupolis-7")


def test_an_order_that_is_given_up_is_gone_and_its_name_is_free(site: Site, visit: Visit) -> None:
    order, page = Order(), visit()
    page.goto(site.url)
    _fill(page, order)
    _send(page)
    page.get_by_role("button", name="Leave").click()
    page.get_by_role("button", name="Give the order up").click()
    page.wait_for_url(f"{site.url}/")
    page.locator("[name=subdomain]").fill(order.subdomain)
    expect(page.get_by_text("This name is free.")).to_be_visible()


def test_everything_up_to_the_first_sign_in_works_without_scripts(site: Site, visit: Visit) -> None:
    order, page = Order(), visit(java_script_enabled=False)
    page.goto(site.url)
    _fill(page, order)
    _send(page)
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/welcome/**")
    expect(page.get_by_role("link", name="Sign in")).to_be_visible(timeout=60_000)
    page.goto(site.link_to(order.email, "set-password"))
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password_again]").fill(PASSWORD)
    page.locator("[name=password_again]").press("Enter")
    page.wait_for_url("**/sign-in?said=password")
    give_credentials(page, order.email, PASSWORD)
    expect(page.get_by_role("heading", level=1)).to_contain_text(order.first_name)


def test_the_language_is_chosen_and_stays(site: Site, visit: Visit) -> None:
    page = visit()
    page.goto(site.url)
    page.get_by_role("button", name="Ελληνικά").click()
    expect(page.locator("html")).to_have_attribute("lang", "el")
    expect(page.get_by_text("Επαγγελματικό")).to_be_visible()
    page.goto(f"{site.url}/sign-in")
    expect(page.get_by_role("heading", level=1)).to_have_text("Σύνδεση στον χώρο εργασίας σας")


def test_a_preview_deployment_gets_its_buyers_back(site: Site, visit: Visit, preview: str) -> None:
    page = visit()
    page.goto(preview)
    _fill(page, Order())
    _send(page)
    page.get_by_role("button", name="Leave").click()
    page.wait_for_url(f"{preview}/?signup=*")
    page.get_by_role("link", name="Continue to payment").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url(f"{preview}/welcome/**")


def _fill(page: Page, order: Order) -> None:
    for name in ("organization", "subdomain", "first_name", "last_name", "email"):
        page.locator(f"[name={name}]").fill(str(getattr(order, name)))
    page.locator(f"[name=plan][value={order.plan}]").check(force=True)


def _send(page: Page) -> None:
    page.locator("form:has([name=plan]) button.button").click()
    page.wait_for_url("**/pay/**")
