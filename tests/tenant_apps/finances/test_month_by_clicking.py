"""A manager's month by clicking, from an empty building to a payment; without a script all the way."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.core.web_stack import PASSWORD
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace
from tests.tenant_apps.visiting import address

pytestmark = pytest.mark.browser


def sign_in(page: Page, person: Person) -> None:
    """Sign somebody in on a page that may be without scripts."""
    page.goto(address(person, "/accounts/login/"))
    page.locator("[name=login]").fill(person.user.email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(address(person, "/"))


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_managers_month(
    browser: Browser, populated: PopulatedWorkspace, size: dict[str, int]
) -> None:
    page = open_page(browser, size, java_script_enabled=False)
    page.set_default_timeout(30_000)
    sign_in(page, populated.manager)
    name = f"Plane Tree {secrets.token_hex(3)}"
    width = size["width"]

    page.get_by_role("navigation", name="Workspace").get_by_role("link", name="Buildings").click()
    page.get_by_role("link", name="Add a building").click()
    page.get_by_label("Name").fill(name)
    page.get_by_label("Address").fill("Platanou 3, Volos")
    page.get_by_role("button", name="Save").click()
    for number, mills in (("A1", "600"), ("A2", "300")):
        page.get_by_role("link", name="Add an apartment").click()
        page.get_by_label("Number").fill(number)
        page.get_by_label("Mills").fill(mills)
        page.get_by_role("button", name="Save").click()

    page.get_by_role("link", name="Months and charges").click()
    page.get_by_label("Month", exact=True).fill("2026-10")
    page.get_by_role("button", name="Begin this month").click()
    page.get_by_role("link", name="Add an expense").click()
    page.get_by_label("Category").select_option("cleaning")
    page.get_by_label("Amount in euros").fill("nothing")
    page.get_by_label("Date", exact=True).fill("2026-10-05")
    page.get_by_role("button", name="Save").click()
    expect(page.locator("#id_amount[aria-invalid=true]")).to_be_visible()
    page.get_by_label("Amount in euros").fill("1.000,01")
    page.get_by_role("button", name="Save").click()

    expect(page.get_by_text("They sum to 900")).to_be_visible()
    page.get_by_role("link", name="Set the mills").click()
    page.get_by_label("A2").fill("400")
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="Months and charges").click()
    page.get_by_role("link", name="October 2026").click()
    keep_screenshot(page, f"month-draft-{width}")
    expect(page.get_by_role("row", name="A1 600 €600.01 €0.00 €600.01")).to_be_visible()
    page.get_by_role("button", name="Issue October 2026").click()

    expect(page.get_by_text("The month is issued.")).to_be_visible()
    keep_screenshot(page, f"month-issued-{width}")
    page.get_by_role("link", name="A2", exact=True).click()
    page.get_by_role("link", name="Record a payment").click()
    expect(page.get_by_label("Amount in euros")).to_have_value("400.00")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("all is paid")).to_be_visible()
    keep_screenshot(page, f"statement-{width}")


def test_a_resident_sees_their_apartment_and_no_other(
    browser: Browser, populated: PopulatedWorkspace
) -> None:
    page = open_page(browser, PHONE)
    page.set_default_timeout(30_000)
    sign_in(page, populated.resident)

    expect(page.get_by_role("link", name=f"{populated.building.name}, A1")).to_be_visible()
    keep_screenshot(page, "resident-home-360")
    page.get_by_role("link", name="Statement").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Statement")
    expect(page.get_by_role("link", name="Record a payment")).to_have_count(0)
    for path, status in (
        (f"/buildings/{populated.building.pk}/", 200),
        (f"/buildings/apartments/{populated.apartments[1].pk}/", 404),
        (f"/finances/apartments/{populated.apartments[1].pk}/", 404),
        (f"/finances/buildings/{populated.building.pk}/", 403),
        ("/buildings/new/", 403),
    ):
        answer = page.goto(address(populated.resident, path))
        assert answer is not None
        assert (path, answer.status) == (path, status)
