"""The Next.js site in a real browser: from the prices to the first sign-in."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.browsing import DESKTOP, PHONE, keep_screenshot
from tests.clients.site import Site, Visit, choose, give_credentials
from tests.customer import PASSWORD, Order, until

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
    page.locator("[name=tax_id]").fill("094014202")
    page.locator("form:has([name=plan]) button.button").click()
    expect(page.locator("[name=tax_id]")).to_have_attribute("aria-invalid", "true")
    expect(page.locator(".field:has([name=tax_id]) .field-error")).to_have_text(
        re.compile("digits do not add up|ψηφίο ελέγχου")
    )
    keep_screenshot(page, f"{kept}-1-wrong-vat-number")
    page.locator("[name=tax_id]").fill("EL 094014201")
    _send(page)

    page.get_by_role("button", name="Leave").click()
    page.wait_for_url("**/?signup=*")
    expect(page.get_by_role("heading", level=1)).to_have_text(
        re.compile("waiting for its payment|περιμένει την πληρωμή")
    )
    assert page.locator("[name=subdomain]").input_value() == order.subdomain
    assert page.locator("[name=tax_id]").input_value() == "EL094014201"
    choose(page, "interval", "year")
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
    _read_invoices(site, page, kept)


def _read_invoices(site: Site, page: Page, kept: str) -> None:
    """See whose invoice it is and what was given back of it, and open its documents."""
    page.goto(f"{page.url}/subscription")
    of_buyer = page.get_by_text(re.compile("(VAT number|ΑΦΜ) EL094014201"))
    until(lambda: page.reload() and of_buyer.count())
    path = f"{urlsplit(page.url).path}/invoices/"
    linked = page.locator(f"a[href^='{path}'][href$='/page']").get_attribute("href")
    assert linked, "no link of Stripe's, which would end: one of ours"
    note = site.stripe(
        "credit_notes", invoice=linked.split("/")[-2], amount=1000, refund_amount=1000
    )
    back = page.get_by_text(re.compile(r"€10\.00 went back to you|επιστράφηκαν 10,00\s€"))
    until(lambda: page.reload() and back.count())
    expect(page.get_by_text(re.compile("Partly refunded|Επιστράφηκε εν μέρει"))).to_be_visible()
    credited = page.get_by_text(re.compile(f"(Credit note|Πιστωτικό) {note['number']}"))
    until(lambda: page.reload() and credited.count())  # an event of its own
    keep_screenshot(page, f"{kept}-7-credit-note")
    for ending, name in (("/pdf", "Invoice-"), (f"/{note['id']}", f"CreditNote-{note['number']}")):
        with page.expect_download() as printed:
            page.locator(f"a[href^='{path}'][href$='{ending}']").click()
        assert printed.value.suggested_filename.startswith(name)
    site.shop.control("faults", {"status": 503, "path": "/v1/invoices"}).raise_for_status()
    try:
        page.goto(f"{site.url}{linked}")
        page.wait_for_url("**/subscription?said=not-shown")
        expect(
            page.get_by_role("alert").filter(has_text=re.compile("just now|τώρα"))
        ).to_be_visible()
    finally:
        requests.delete(f"{site.shop.mock}/_control/faults", timeout=10).raise_for_status()
    page.goto(f"{site.url}{linked}")
    expect(page.locator("body")).to_contain_text(note["number"].rpartition("-CN-")[0])


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
    choose(page, "plan", order.plan)


def _send(page: Page) -> None:
    page.locator("form:has([name=plan]) button.button").click()
    page.wait_for_url("**/pay/**")
