"""The pages about people, in a real browser: inviting, joining, one's own account, one-time codes."""

from __future__ import annotations

import secrets

import pytest
from playwright.sync_api import Browser, Page, expect

from public_apps.accounts.models import ApiKey, Role, User
from public_apps.core.schema_context import inside
from tests.accounts.account_api import code_of, sign_in
from tests.accounts.letters import deliver, link_in
from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.core.web_stack import PASSWORD, WebStack
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

pytestmark = pytest.mark.browser
PAGES = [
    "/members/", "/members/invite/", "/settings/", "/settings/me/", "/settings/me/devices/",
    "/settings/me/keys/", "/accounts/email/", "/accounts/password/change/", "/accounts/2fa/",
    "/settings/log/",
]  # fmt: skip


def url(web_stack: WebStack, populated: PopulatedWorkspace, path: str) -> str:
    """Return an address of the shared workspace's own host, as a browser types it."""
    return f"http://{populated.workspace.host}:{web_stack.stack.web_port}{path}"


def signed_in(
    browser: Browser, web_stack: WebStack, person: Person, size: dict[str, int] = DESKTOP
) -> Page:
    """Return a browser's page on which somebody has signed in."""
    page = open_page(browser, size)
    page.goto(url(web_stack, person.populated, "/accounts/login/"))
    fill_in_sign_in(page, person.user.email)
    return page


def fill_in_sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    """Fill in the sign-in form and send it."""
    page.fill("[name=login]", email)
    page.fill("[name=password]", password)
    page.click("main button[type=submit]")


def test_somebody_is_invited_joins_and_signs_in_as_a_resident(
    browser: Browser, web_stack: WebStack, populated: PopulatedWorkspace
) -> None:
    email = f"giorgos-{secrets.token_hex(4)}@town.example"
    desk = signed_in(browser, web_stack, populated.manager)
    desk.goto(url(web_stack, populated, "/members/"))
    desk.click("text=Invite somebody")
    desk.fill("[name=email]", email)
    desk.select_option("[name=role]", "resident")
    assert "owner" not in desk.locator("[name=role]").inner_html()
    desk.click("main form.card button[type=submit]")
    expect(desk.locator(".notices")).to_contain_text("on its way")
    expect(desk.locator("main")).to_contain_text(email)
    keep_screenshot(desk, "members")

    key = link_in(deliver(web_stack, email)[-1], populated.workspace.host, "/accounts/invitation/")
    phone = open_page(browser, PHONE)
    phone.goto(url(web_stack, populated, f"/accounts/invitation/{key}/"))
    phone.fill("[name=first_name]", "Giorgos")
    phone.fill("[name=last_name]", "Nikolaou")
    phone.fill("[name=password]", "1234567890")
    phone.click("main button[type=submit]")
    expect(phone.locator("[name=password]")).to_have_attribute("aria-invalid", "true")
    keep_screenshot(phone, "invitation-phone")
    phone.fill("[name=password]", PASSWORD)
    phone.click("main button[type=submit]")
    fill_in_sign_in(phone, email)
    expect(phone).to_have_url(url(web_stack, populated, "/"))
    phone.goto(url(web_stack, populated, "/members/"))
    expect(phone.locator("body")).not_to_contain_text(email)


@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_every_page_about_people_fits(
    browser: Browser, web_stack: WebStack, own_populated: PopulatedWorkspace, size: dict[str, int]
) -> None:
    page = signed_in(browser, web_stack, own_populated.owner, size)
    own_populated.person(Role.RESIDENT, "Alexandros-Konstantinos")
    for path in PAGES:
        answer = page.goto(url(web_stack, own_populated, path))
        assert answer is not None
        assert answer.status == 200, path
        assert page.locator("h1").count() == 1, path
        unnamed = page.locator("input:not([type=hidden]):not([hidden]), select, textarea")
        for field in unnamed.all():
            assert field.evaluate("field => field.labels.length > 0"), (path, field)
        name = path.strip("/").replace("/", "-")
        keep_screenshot(page, f"people-{name}-{size['width']}")


def test_one_time_codes_are_switched_on_used_and_switched_off(
    browser: Browser, web_stack: WebStack, populated: PopulatedWorkspace
) -> None:
    person = populated.person(Role.STAFF, "Maria")
    page = signed_in(browser, web_stack, person)
    page.goto(url(web_stack, populated, "/accounts/2fa/"))
    page.click("text=Switch them on")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    secret = page.locator("code.secret").inner_text()
    keep_screenshot(page, "codes-enrol")
    page.fill("[name=code]", code_of(secret))
    page.click("main button[type=submit]")
    expect(page.locator(".codes code")).to_have_count(10)
    codes = page.locator(".codes code").all_inner_texts()
    keep_screenshot(page, "codes-recovery")

    assert sign_in(person).status_code == 401
    other = signed_in(browser, web_stack, person)
    keep_screenshot(other, "codes-asked")
    other.fill("[name=code]", code_of(secret, ahead=1))  # that of this half minute has enrolled
    other.click("main button[type=submit]")
    expect(other).to_have_url(url(web_stack, populated, "/"))
    third = signed_in(browser, web_stack, person)
    third.fill("[name=code]", codes[0])
    third.click("main button[type=submit]")
    expect(third).to_have_url(url(web_stack, populated, "/"))

    page.goto(url(web_stack, populated, "/accounts/2fa/"))
    page.click("text=Switch them off")
    page.click("main form.card button[type=submit]")
    expect(page.locator("main")).to_contain_text("Switch them on")
    assert sign_in(person).status_code == 200


def test_people_see_to_their_account_themselves(
    browser: Browser, web_stack: WebStack, populated: PopulatedWorkspace
) -> None:
    person = populated.person(Role.STAFF, "Maria")
    page = signed_in(browser, web_stack, person)
    elsewhere = signed_in(browser, web_stack, person)

    page.goto(url(web_stack, populated, "/settings/me/devices/"))
    page.click("text=Sign out there")
    elsewhere.goto(url(web_stack, populated, "/settings/me/"))
    assert "/accounts/login/" in elsewhere.url

    page.goto(url(web_stack, populated, "/settings/me/keys/"))
    page.fill("[name=name]", "Meter reader")
    page.select_option("[name=role]", "resident")
    page.click("main form.card button[type=submit]")
    shown = page.locator(".notice code").inner_text()
    me = populated.http_client.ask(
        "GET",
        "/api/me/",
        host=populated.workspace.host,
        headers={"Authorization": f"Bearer {shown}"},
    )
    assert me.json()["role"] == "resident"
    page.reload()
    page.goto(url(web_stack, populated, "/settings/me/keys/"))
    expect(page.locator("main")).not_to_contain_text(shown)
    page.locator(".people button").first.click()
    with inside(populated.schema):
        assert not ApiKey.objects.filter(user=person.user, revoked_at=None).exists()

    new = f"maria-{secrets.token_hex(4)}@elsewhere.example"
    page.goto(url(web_stack, populated, "/accounts/email/"))
    page.fill("[name=email]:not([type=hidden])", new)
    page.click("text=Change the address")
    page.fill("[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    key = link_in(deliver(web_stack, new)[0], populated.workspace.host, "/accounts/confirm-email/")
    page.goto(url(web_stack, populated, f"/accounts/confirm-email/{key}/"))
    page.click("main button[type=submit]")
    with inside(populated.schema):
        assert User.objects.get(pk=person.user.pk).email == new

    page.goto(url(web_stack, populated, "/accounts/password/change/"))
    page.fill("[name=oldpassword]", PASSWORD)
    page.fill("[name=password1]", "another-courtyard-43")
    page.fill("[name=password2]", "another-courtyard-43")
    page.click("main form.card button[type=submit]")
    person.user.email = new
    assert sign_in(person, "another-courtyard-43").status_code == 200


def test_the_owner_runs_the_workspace_by_its_pages(
    browser: Browser, web_stack: WebStack, own_populated: PopulatedWorkspace
) -> None:
    populated = own_populated
    page = signed_in(browser, web_stack, populated.owner)
    page.goto(url(web_stack, populated, "/settings/"))
    page.fill("[name=name]", "Olive Court")
    page.click("main form.card button[type=submit]")
    assert populated.owner.get("/api/workspace/")["name"] == "Olive Court"
    assert populated.manager.ask("PATCH", "/api/workspace/", json={"name": "x"}).status_code == 403

    page.goto(url(web_stack, populated, f"/members/{populated.staff.user.pk}/"))
    page.select_option("[name=role]", "manager")
    page.click("main form.card button[type=submit]")
    assert populated.owner.get(f"/api/members/{populated.staff.user.pk}/")["role"] == "manager"
    page.goto(url(web_stack, populated, f"/members/{populated.staff.user.pk}/deactivate/"))
    keep_screenshot(page, "member-deactivate")
    page.click("main form.card button[type=submit]")
    assert populated.owner.get(f"/api/members/{populated.staff.user.pk}/")["is_active"] is False
    page.goto(url(web_stack, populated, f"/members/{populated.owner.user.pk}/deactivate/"))
    page.click("main form.card button[type=submit]")
    expect(page.locator(".notices")).to_contain_text("last owner")


def test_pages_open_to_whom_the_table_lets_in(
    browser: Browser, web_stack: WebStack, populated: PopulatedWorkspace
) -> None:
    page = signed_in(browser, web_stack, populated.resident)
    member = f"/members/{populated.owner.user.pk}/"
    for path in ("/members/", "/members/invite/", member, "/settings/", "/settings/log/"):
        answer = page.goto(url(web_stack, populated, path))
        assert answer is not None
        assert answer.status == 403, path
    gone = page.goto(url(web_stack, populated, f"/members/{populated.owner.user.pk}/deactivate/"))
    assert gone is not None
    assert gone.status == 404


def test_owners_read_who_did_what(
    browser: Browser, web_stack: WebStack, own_populated: PopulatedWorkspace
) -> None:
    email = f"giorgos-{secrets.token_hex(4)}@town.example"
    own_populated.manager.post("/api/invitations/", {"email": email, "role": "resident"})
    page = signed_in(browser, web_stack, own_populated.owner)
    page.goto(url(web_stack, own_populated, "/settings/"))
    page.get_by_role("link", name="Who did what").click()
    entry = page.locator(".people li").filter(has_text="invitation.sent")
    expect(entry).to_contain_text(own_populated.manager.user.email)
    # Newest first: the owner came in after it.
    expect(page.locator(".people li").first).to_contain_text("member.signed_in")
