"""The Next.js site in a real browser: members at work, their accounts, and the subscription."""

from __future__ import annotations

import base64
import re
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Page, expect

from tests.accounts.account_api import code_of
from tests.billing.owners.owner import Owner
from tests.browsing import DESKTOP, PHONE, keep_screenshot
from tests.clients.site import Site, Visit, choose, give_credentials
from tests.customer import PASSWORD, Workspace, until

# Whoever comes first may have to build the site.
pytestmark = [pytest.mark.browser, pytest.mark.timeout(1800)]
DRAW = """() => {
  const canvas = Object.assign(document.createElement("canvas"), { width: 3000, height: 2250 });
  const paint = canvas.getContext("2d");
  for (let at = 0; at < 3000; at += 60) {
    paint.fillStyle = `hsl(${at / 10} 40% 60%)`;
    paint.fillRect(at, 0, 60, 2250);
  }
  return canvas.toDataURL("image/png");
}"""
NEW_PASSWORD = "another-quiet-courtyard-42"
READERS = [
    pytest.param(DESKTOP, "en-GB", id="in English at a desk"),
    pytest.param(PHONE, "el-GR", id="in Greek on a phone"),
]


@pytest.mark.parametrize(("size", "language"), READERS)
def test_a_month_is_shared_among_the_apartments_of_a_building(
    site: Site, visit: Visit, size: dict[str, int], language: str
) -> None:
    workspace, page = site.bought(), visit(size=size, language=language)
    kept = f"nextjs-{language}"
    site.sign_in(page, workspace)
    page.goto(site.path(workspace, "/buildings"))
    page.locator("[name=name]").fill("Olive House")
    page.locator("[name=address]").fill("Akti 1, Piraeus")
    _send(page, "name")
    page.wait_for_url("**/buildings/*")
    for number, owner in (("A1", "Eleni Papadaki"), ("A2", "Nikos Karras")):
        page.locator("[name=number]").fill(number)
        page.locator("[name=mills]").fill("500")
        page.locator("[name=owner_name]").fill(owner)
        _send(page, "mills")
        expect(page.get_by_role("row", name=number)).to_be_visible()
    expect(page.get_by_text(re.compile("1,000|1.000")).first).to_be_visible()

    page.locator("[name=month]").fill("2026-10")
    _send(page, "month")
    page.wait_for_url("**/months/*")
    month = page.url
    page.locator("[name=amount]").fill("a lot")
    _send(page, "amount")
    expect(page.locator("[name=amount]")).to_have_attribute("aria-invalid", "true")
    page.locator("[name=category]").select_option("electricity")
    page.locator("[name=amount]").fill("120,50")
    _send(page, "amount")
    expect(page.get_by_text(re.compile(r"60[.,]25")).first).to_be_visible()
    keep_screenshot(page, f"{kept}-7-month")
    page.locator("form:not(:has([name=amount])) button.button").last.click()
    expect(
        page.get_by_role("columnheader", name=re.compile("Still open|Ανεξόφλητο"))
    ).to_be_visible()
    assert page.url == month
    page.goto(site.path(workspace))
    expect(page.get_by_text(re.compile(r"120[.,]50")).first).to_be_visible()
    keep_screenshot(page, f"{kept}-8-dashboard")
    page.goto(site.path(workspace, "/buildings"))
    page.get_by_role("link", name=re.compile("Olive House")).click()
    expect(page.get_by_role("row", name="A1")).to_contain_text(re.compile(r"60[.,]25"))
    keep_screenshot(page, f"{kept}-9-building")


@pytest.mark.parametrize(("size", "language"), READERS)
def test_a_request_goes_in_with_its_photo_and_is_looked_after(
    site: Site, visit: Visit, size: dict[str, int], language: str, tmp_path: Path
) -> None:
    workspace, page = site.bought(), visit(size=size, language=language)
    _api(workspace, "POST", "/api/buildings/", {"name": "Olive House", "address": "Akti 1"})
    site.sign_in(page, workspace)
    page.goto(site.path(workspace, "/requests/new"))
    page.locator("[name=title]").fill("The lift stands still")
    page.locator("textarea[name=description]").fill("Since this morning,\nbetween two floors.")
    page.locator("[name=category]").select_option("lift")
    page.locator("[name=photo]").set_input_files(_photo(page, tmp_path))
    expect(page.get_by_role("img", name=re.compile("Your photo|φωτογραφία σας"))).to_be_visible()
    keep_screenshot(page, f"nextjs-{language}-10-new-request")
    _send(page, "title")
    page.wait_for_url(re.compile(r"/requests/\d+$"))
    photo = page.locator("a img")
    expect(photo).to_be_visible()
    width = until(lambda: photo.evaluate("each => each.complete && each.naturalWidth"))
    assert width == 1920, "it is made smaller before it is sent"

    page.locator("[name=body]").fill("Somebody comes at noon.")
    _send(page, "body")
    expect(page.get_by_role("listitem").filter(has_text="at noon")).to_be_visible()
    page.locator("[name=status]").select_option("in_progress")
    _send(page, "status")
    expect(page.locator("h1 + .badge")).to_have_text(re.compile("In progress|Σε εξέλιξη"))
    keep_screenshot(page, f"nextjs-{language}-11-request")
    page.goto(site.path(workspace, "/requests"))
    expect(page.get_by_role("link", name="The lift stands still")).to_be_visible()


def test_a_resident_joins_and_sees_their_own_alone(site: Site, visit: Visit) -> None:
    workspace, owner, resident = site.bought(), visit(), visit(size=PHONE, language="el-GR")
    email = f"maria@{workspace.order.subdomain}.example"
    site.sign_in(owner, workspace)
    owner.goto(site.path(workspace, "/people"))
    owner.locator("[name=email]").fill(email)
    owner.locator("[name=first_name]").fill("Μαρία")
    owner.locator("select[name=language]").select_option("el")
    _send(owner, "email")
    expect(owner.get_by_text("The invitation is on its way.")).to_be_visible()
    keep_screenshot(owner, "nextjs-people")

    link = site.link_to(email, "invitation")
    resident.goto(link)
    expect(resident.get_by_text("ρόλος σας: Ένοικος")).to_be_visible()
    keep_screenshot(resident, "nextjs-invitation")
    resident.locator("[name=last_name]").fill("Γεωργίου")
    resident.locator("[name=password]").fill(PASSWORD)
    resident.locator("[name=password]").press("Enter")
    resident.wait_for_url("**/sign-in?said=joined")
    give_credentials(resident, email, PASSWORD)
    expect(resident.get_by_role("heading", level=1)).to_contain_text("Μαρία")
    expect(resident.get_by_role("link", name="Συνδρομή")).to_have_count(0)

    resident.goto(link)
    expect(resident.get_by_role("heading", level=1)).to_contain_text("δεν ισχύει πλέον")


def test_an_account_takes_another_address_a_second_factor_and_a_new_password(
    site: Site, visit: Visit
) -> None:
    workspace, page = site.bought(), visit()
    address = f"new-{workspace.order.email}"
    site.sign_in(page, workspace)
    page.goto(site.path(workspace, "/account"))

    page.locator("[name=email]").fill(address)
    page.locator("form:has([name=email]) [name=password]").fill(PASSWORD)
    _send(page, "email")
    expect(page.get_by_text("We have sent a mail there.")).to_be_visible()
    page.goto(site.link_to(address, "confirm-email"))
    page.get_by_role("button", name="Confirm the address").click()
    page.wait_for_url("**/sign-in?said=confirmed")

    page.goto(site.path(workspace, "/account"))
    expect(page.get_by_text(f"You sign in with {address}.")).to_be_visible()
    page.get_by_text("Switch one-time codes on").first.click()
    secret = page.locator("code").inner_text().replace(" ", "")
    page.locator("form:has([name=code]) [name=password]").fill(PASSWORD)
    page.locator("[name=code]").fill(code_of(secret))
    keep_screenshot(page, "nextjs-account")
    _send(page, "code")
    codes = page.locator("li").filter(has_text=re.compile(r"^[0-9a-f]{8,}$|^\d{8}$"))
    expect(codes.first).to_be_visible()
    recovery = codes.first.inner_text()

    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url("**/sign-in?said=out")
    give_credentials(page, address, PASSWORD)
    page.wait_for_url("**/sign-in/code?*")
    keep_screenshot(page, "nextjs-code")
    page.locator("[name=code]").fill("000000")
    page.locator("[name=code]").press("Enter")
    expect(page.get_by_role("alert").first).to_be_focused()
    page.locator("[name=code]").fill(recovery)
    page.locator("[name=code]").press("Enter")
    page.wait_for_url(site.path(workspace))

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("link", name="Forgotten your password?").click()
    page.wait_for_url("**/forgot-password")
    page.locator("[name=email]").fill(address)
    page.locator("[name=email]").press("Enter")
    expect(page.get_by_text("the link is on its way")).to_be_visible()
    page.goto(site.link_to(address, "set-password"))
    page.locator("[name=password]").fill(NEW_PASSWORD)
    page.locator("[name=password_again]").fill(NEW_PASSWORD)
    page.locator("[name=password_again]").press("Enter")
    page.wait_for_url("**/sign-in?said=password")
    give_credentials(page, address, NEW_PASSWORD)
    page.wait_for_url("**/sign-in/code?*")


@pytest.mark.parametrize(("size", "language"), READERS)
def test_a_plan_is_changed_for_exactly_what_the_preview_said(
    site: Site, visit: Visit, size: dict[str, int], language: str
) -> None:
    workspace, page = site.bought(), visit(size=size, language=language)
    site.sign_in(page, workspace)
    _see_subscription(site, page, workspace)
    choose(page, "plan", "enterprise")
    _send(page, "plan")
    due = page.locator("tfoot").filter(has_text=re.compile("To pay now|Πληρωτέο τώρα"))
    expect(due).to_contain_text(re.compile(r"\d"))
    asked = re.search(r"[\d.,]+", due.locator("td").inner_text())
    keep_screenshot(page, f"nextjs-{language}-12-preview")
    page.get_by_role("button", name=re.compile("Change to this plan|Αλλαγή σε αυτό")).click()
    page.wait_for_url("**/subscription?said=changed")
    expect(page.get_by_role("heading", level=2).first).to_contain_text(
        re.compile("Enterprise|Για οργανισμούς")
    )
    assert asked
    until(lambda: page.reload() and page.locator("li").get_by_text(asked[0]).count())
    keep_screenshot(page, f"nextjs-{language}-13-invoices")


def test_a_bank_that_asks_is_answered_at_stripe_before_the_plan_changes(
    site: Site, visit: Visit
) -> None:
    workspace, page = site.bought(), visit(size=PHONE, language="el-GR")
    Owner(workspace, workspace.token()).pay_with("pm_card_authenticationRequired")
    site.sign_in(page, workspace)
    _see_subscription(site, page, workspace)
    choose(page, "plan", "enterprise")
    _send(page, "plan")
    expect(page.locator(".notice tbody")).to_contain_text("υπόλοιπο της περιόδου")
    page.get_by_role("button", name="Αλλαγή σε αυτό").click()
    confirm = page.get_by_role("button", name="Confirm the payment")
    expect(confirm).to_be_visible()
    asking = page.url
    page.goto(site.path(workspace, "/subscription"))
    expect(page.get_by_role("link", name="Επιβεβαίωση της πληρωμής")).to_have_attribute(
        "href", asking
    )
    keep_screenshot(page, "nextjs-el-14-bank-asks")
    page.goto(asking)
    confirm.click()
    until(
        lambda: (
            page.goto(site.path(workspace, "/subscription"))
            and page.get_by_role("heading", name="Για οργανισμούς").count()
        )
    )
    expect(page.get_by_role("link", name="Επιβεβαίωση της πληρωμής")).to_have_count(0)


def test_a_cancellation_is_taken_back_and_the_portal_leads_back(site: Site, visit: Visit) -> None:
    workspace, page = site.bought(), visit()
    site.sign_in(page, workspace)
    _see_subscription(site, page, workspace)
    page.get_by_text("Cancel the subscription").first.click()
    page.get_by_role("button", name="Cancel the subscription").click()
    expect(page.get_by_text("Ends on")).to_be_visible()
    page.get_by_role("button", name="Go on with the subscription").click()
    expect(page.get_by_text("Ends on")).to_be_hidden()
    page.get_by_role("button", name="Cards and addresses").click()
    page.wait_for_url(re.compile(re.escape(str(urlsplit(site.stack.mock_url).port))))
    page.get_by_role("link", name=re.compile("back|return", re.IGNORECASE)).first.click()
    page.wait_for_url(site.path(workspace, "/subscription"))


@pytest.mark.parametrize(("size", "language"), READERS)
def test_a_suspended_workspace_is_paid_for_and_opens_again(
    site: Site, visit: Visit, size: dict[str, int], language: str
) -> None:
    workspace, page = site.bought(), visit(size=size, language=language)
    resident = visit()
    email = _resident(site, workspace)
    site.sign_in(page, workspace)
    site.sign_in(resident, workspace, email=email)
    _fall_behind(site, workspace)

    until(lambda: page.goto(site.path(workspace)) and page.url.endswith("/subscription"))
    expect(page.get_by_role("heading", name=re.compile("is paused|σε παύση"))).to_be_visible()
    keep_screenshot(page, f"nextjs-{language}-14-suspended")
    until(
        lambda: (
            resident.goto(site.path(workspace, "/requests"))
            and resident.get_by_text("ask the owner of the workspace").count()
        )
    )

    page.get_by_role("link", name=re.compile("Pay now|Πληρωμή τώρα")).click()
    page.get_by_role("button", name=re.compile("Pay")).first.click()
    until(lambda: page.goto(site.path(workspace)) and page.url == site.path(workspace))
    expect(page.get_by_role("heading", level=1)).to_contain_text(workspace.order.first_name)
    resident.goto(site.path(workspace, "/requests"))
    expect(resident.get_by_role("heading", level=1)).to_have_text("Requests")


def test_an_ended_subscription_is_begun_again(site: Site, visit: Visit) -> None:
    workspace, page = site.bought(), visit()
    site.sign_in(page, workspace)
    _see_subscription(site, page, workspace)
    _move(site, workspace, "canceled")
    until(lambda: page.reload() and page.get_by_text("Choose a plan to go on").count())
    keep_screenshot(page, "nextjs-begin-again")
    page.get_by_role("button", name="Continue to payment").click()
    page.get_by_role("button", name="Pay", exact=True).click()
    page.wait_for_url(re.compile(re.escape(site.path(workspace, "/subscription"))))
    until(lambda: page.goto(site.path(workspace)) and page.url == site.path(workspace))


def _send(page: Page, having: str) -> None:
    page.locator(f"form:has([name={having}]) button.button").first.click()


def _see_subscription(site: Site, page: Page, workspace: Workspace) -> None:
    """Open the page once the events of the purchase have all come in."""
    until(
        lambda: page.goto(site.path(workspace, "/subscription")) and page.locator("meter").count()
    )


def _api(workspace: Workspace, method: str, path: str, body: object) -> dict[str, object]:
    headers = {"Authorization": f"Bearer {workspace.token()}"}
    answer = workspace.request(method, path, json=body, headers=headers)
    assert answer.ok, answer.text
    made: dict[str, object] = answer.json()
    return made


def _resident(site: Site, workspace: Workspace) -> str:
    """Let somebody join as a resident, without the site; return their address."""
    email = f"maria@{workspace.order.subdomain}.example"
    _api(workspace, "POST", "/api/invitations/", {"email": email, "role": "resident"})
    key = site.link_to(email, "invitation").rstrip("/").rpartition("/")[2]
    accepted = {"key": key, "password": PASSWORD, "first_name": "Maria", "last_name": "Karras"}
    assert workspace.request("POST", "/api/invitations/accept/", json=accepted).status_code == 201
    return email


def _move(site: Site, workspace: Workspace, status: str) -> None:
    """Let the subscription come to a status at Stripe."""
    key = site.stack.env["STRIPE_SECRET_KEY"]
    path = f"{site.shop.mock}/v1/checkout/sessions/{workspace.session_id}"
    session = requests.get(path, auth=(key, ""), timeout=30).json()
    moved = site.shop.control(f"subscriptions/{session['subscription']}", {"status": status})
    moved.raise_for_status()


def _fall_behind(site: Site, workspace: Workspace) -> None:
    """Let the next payment fail until Stripe gives up on it."""
    for status in ("past_due", "unpaid"):
        _move(site, workspace, status)


def _photo(page: Page, folder: Path) -> Path:
    """Draw a photo as large as a phone's."""
    drawn: str = page.evaluate(DRAW)
    path = folder / "lift.png"
    path.write_bytes(base64.b64decode(drawn.partition(",")[2]))
    return path
