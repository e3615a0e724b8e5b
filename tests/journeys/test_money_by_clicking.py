"""A customer's money by clicking, in each language and at both widths: what is read, not only what is.

From the order with a VAT number to another card, a credit note, and the accountant's month.
"""

from __future__ import annotations

import csv
import functools
import io
import re
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

import pytest
from playwright.sync_api import Browser, Locator, Page, expect

from tests.billing.owners.owner import Owner
from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.customer import PASSWORD, Order, Shop, Workspace, until

pytestmark = pytest.mark.browser
WRONG, RIGHT = "094014202", "094 014 201"
NUMBER, ABOUT, BUYER, TAX_ID, TOTAL = (
    1,
    4,
    6,
    9,
    13,
)  # columns of the file, whose heading is the reader's


@dataclass(frozen=True)
class Reader:
    """Somebody who reads one of our languages, and what they are to read."""

    locale: str
    wrong_number: str
    buyer: str
    declined: str
    changed: str
    partly: str
    given_back: str
    credit_note: str
    export: str
    number: str


READERS = [
    Reader(
        locale="en-GB", wrong_number="This tax number has a mistake: its digits do not add up.",
        buyer="VAT number EL094014201", declined="declined", changed="Your plan is changed.",
        partly="Partly refunded", given_back="€10 went back to you", credit_note="Credit note {} of",
        export="Export a month", number="Number",
    ),
    Reader(
        locale="el-GR", wrong_number="αριθμός έχει λάθος: δεν επαληθεύεται το ψηφίο ελέγχου.",
        buyer="ΑΦΜ EL094014201", declined="απέρριψε", changed="πρόγραμμά σας άλλαξε.",
        partly="Επιστράφηκε εν μέρει", given_back="Σας επιστράφηκαν 10 €",
        credit_note="Πιστωτικό {} της", export="Εξαγωγή ενός μήνα", number="Αριθμός",
    ),
]  # fmt: skip


@pytest.mark.parametrize("reader", READERS, ids=lambda reader: reader.locale)
def test_an_order_with_a_vat_number_another_card_a_credit_note_and_the_month(
    browser: Browser, shop: Shop, reader: Reader
) -> None:
    page = open_page(browser, DESKTOP, locale=reader.locale)
    owner = _buy(page, shop, reader)
    _change_card(page, owner, reader)
    note = _credit(page, owner, reader)
    _export(open_page(browser, DESKTOP, locale=reader.locale), owner, reader, note)


def _buy(page: Page, shop: Shop, reader: Reader) -> Owner:
    """Order with a number that is wrong, then with the right one; pay, and read it on the invoice."""
    order = Order(plan="professional", organization="Πολυκατοικία Ηλιούπολης 7")
    page.goto(shop.stack.web_url)
    for name in ("organization", "subdomain", "email", "first_name", "last_name"):
        page.locator(f"[name={name}]").fill(str(getattr(order, name)))
    page.locator(f"[name=plan][value={order.plan}]").check(force=True)
    page.locator("[name=tax_id]").fill(WRONG)
    page.locator("form[data-signup] [type=submit]").click()
    field = page.locator(".field").filter(has=page.locator("[name=tax_id]"))
    expect(field).to_contain_text(reader.wrong_number)
    _seen(page, reader, "1-wrong-number")
    page.locator("[name=tax_id]").fill(RIGHT)
    page.locator("form[data-signup] [type=submit]").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url("**/welcome/**")
    session_id = urlsplit(page.url).path.split("/")[2]
    expect(page.get_by_role("link", name=f"{order.subdomain}.localhost").first).to_be_visible(
        timeout=60_000
    )
    origin = shop.stack.web_url.replace("localhost", f"{order.subdomain}.localhost")
    workspace = Workspace(shop, order, session_id, f"{origin}/")
    workspace.set_password()
    page.goto(f"{origin}/accounts/login/?next=/billing/")
    page.locator("[name=login]").fill(order.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url("**/billing/")
    _reads(page, lambda: _invoices(page).filter(has_text=reader.buyer))
    _seen(page, reader, "2-invoice")
    return Owner(workspace, workspace.token())


def _change_card(page: Page, owner: Owner, reader: Reader) -> None:
    """Have a change of plan declined, take another card at Stripe, and have it."""
    owner.pay_with("pm_card_chargeCustomerFail")
    _choose(page, "enterprise")
    expect(page.locator(".notice.error")).to_contain_text(reader.declined)
    _seen(page, reader, "3-declined")
    page.locator("form[action$='/billing/portal/'] button").first.click()
    page.get_by_role("button", name="Use another card").click()
    page.get_by_role("link", name="Return").click()
    page.wait_for_url("**/billing/")
    _choose(page, "enterprise")
    expect(page.locator(".notice.success")).to_contain_text(reader.changed)
    _reads(page, lambda: _invoices(page).nth(1))
    _seen(page, reader, "4-another-card")


def _choose(page: Page, plan: str) -> None:
    page.locator(f"a[href*='plan={plan}'][href*='interval=month']").click()
    page.locator("form[action$='/billing/change/'] [type=submit]").click()
    page.wait_for_url("**/billing/")


def _credit(page: Page, owner: Owner, reader: Reader) -> str:
    """Give a part of the first invoice back at Stripe; return the credit note's number."""
    first = owner.invoices()[-1]
    note = owner.change("credit_notes", invoice=first["id"], amount="1000", refund_amount="1000")
    row = _invoices(page).filter(has_text=first["number"]).first
    # Its events come one by one, in any order.
    for said in (reader.credit_note.format(note["number"]), reader.partly, reader.given_back):
        _reads(page, functools.partial(row.filter, has_text=said))
    with page.expect_download() as printed:
        row.locator("a[href*='/credit-notes/']").click()
    assert printed.value.suggested_filename == f"CreditNote-{note['number']}.pdf"
    assert Path(printed.value.path()).read_bytes().startswith(b"%PDF")
    _seen(page, reader, "5-credit-note")
    row.locator(f"a[href$='/billing/invoices/{first['id']}/']").click()
    expect(page.locator("body")).to_contain_text(first["number"])
    page.go_back()
    return str(note["number"])


def _export(page: Page, owner: Owner, reader: Reader, note: str) -> None:
    """Take the month along as a colleague of ours who keeps the books."""
    stack, email = owner.shop.stack, f"anna-{secrets.token_hex(4)}@staff.example"
    made = {"DJANGO_SUPERUSER_EMAIL": email}
    done = stack.manage("createsuperuser", "--noinput", environ=made)
    assert done.returncode == 0, done.stderr
    page.goto(f"{stack.web_url}/admin/login/?next=/admin/billing/invoice/")
    page.locator("[name=username]").fill(email)
    page.locator("[name=password]").fill(stack.env["DJANGO_SUPERUSER_PASSWORD"])
    page.locator("[name=password]").press("Enter")
    page.get_by_role("link", name=reader.export).click()
    expect(page.locator("h1").filter(has_text=reader.export).first).to_be_visible()
    page.locator("[name=month]").fill(datetime.now(ZoneInfo("Europe/Athens")).strftime("%Y-%m"))
    page.locator("[name=format]").select_option("csv")
    _seen(page, reader, "6-export")
    with page.expect_download() as file:
        page.locator("form:has([name=month]) [type=submit]").click()
    text = Path(file.value.path()).read_text("utf-8-sig")
    heading, *rows = csv.reader(io.StringIO(text), delimiter=";")
    assert heading[NUMBER] == reader.number
    by_number = {row[NUMBER]: row for row in rows}
    invoice = by_number[by_number[note][ABOUT]]
    assert invoice[BUYER] == owner.workspace.order.organization
    assert invoice[TAX_ID] == "EL094014201"
    assert by_number[note][TOTAL] == "-10,00"


def _invoices(page: Page) -> Locator:
    return page.locator(".invoices ul.rows > li")


def _reads(page: Page, found: Callable[[], Locator]) -> None:
    """Look again until what has happened at Stripe stands on the page."""
    until(lambda: page.reload() and found().count())


def _seen(page: Page, reader: Reader, name: str) -> None:
    """Keep what it looks like at both widths, and see that nothing sticks out or is left in English."""
    for size in (PHONE, DESKTOP):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # two whole numbers
        keep_screenshot(page, f"money-{reader.locale[:2]}-{name}-{size['width']}")
    if reader.locale.startswith("el"):
        said = page.locator("body").inner_text()
        assert not re.search(r"\b(the|your|with|please)\b", said, re.IGNORECASE), said
