"""Staff in the public admin, by clicking; and nobody anywhere else."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import psycopg
import pytest
import requests
from playwright.sync_api import Browser, Locator, Page, expect

from tests import templates
from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.customer import PASSWORD, Order, Shop, Workspace, until
from tests.staff.desk import code_of


@pytest.fixture
def strict_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A system that gives an event one attempt only."""
    with templates.own_system(tmp_path_factory.mktemp("strict"), EVENT_MAX_ATTEMPTS="1") as stack:
        yield Shop(stack)


@pytest.mark.browser
def test_staff_see_a_failed_event_and_retry_it_until_the_workspace_is_ready(
    browser: Browser, strict_shop: Shop
) -> None:
    shop = strict_shop
    order = Order()
    session_id = shop.check_out(order)
    shop.control("faults", {"status": 500, "path": "/v1/checkout"}).raise_for_status()
    shop.pay(session_id)
    until(lambda: any(row["status"] == "failed" for row in shop.events()))
    requests.delete(f"{shop.mock}/_control/faults", timeout=10).raise_for_status()

    page = _signed_in(browser, shop)
    page.goto(f"{shop.stack.web_url}/admin/billing/stripeevent/?q={session_id}")
    expect(page.locator("#result_list")).to_contain_text("StripeUnavailable")
    keep_screenshot(page, "admin-failed-event")
    _act_on_all(page, "Retry")

    shop.wait_for(session_id)
    page.goto(f"{shop.stack.web_url}/admin/tenants/tenant/?q={order.subdomain}")
    expect(page.locator("#result_list")).to_contain_text("Active")
    keep_screenshot(page, "admin-tenants")


@pytest.mark.browser
def test_staff_retry_a_provisioning_that_nobody_finished(browser: Browser, shop: Shop) -> None:
    order = Order()
    session_id = shop.check_out(order)
    shop.control("delivery", {"drop": True}).raise_for_status()
    try:
        shop.pay(session_id)
        page = _signed_in(browser, shop)
        page.goto(f"{shop.stack.web_url}/admin/onboarding/signup/?q={session_id}")
        expect(page.locator("#result_list")).to_contain_text("Awaiting payment")
        _act_on_all(page, "Retry provisioning")

        shop.wait_for(session_id)
    finally:
        shop.control("delivery", {"drop": False}).raise_for_status()


@pytest.mark.browser
def test_every_list_of_the_admin_opens(browser: Browser, shop: Shop) -> None:
    shop.buy()
    page = _signed_in(browser, shop)

    links = page.locator("nav a[href^='/admin/']").evaluate_all("all => all.map(a => a.href)")
    lists = sorted({link for link in links if link.count("/") > 5})

    assert len(lists) >= 8
    for link in lists:
        answer = page.goto(link)
        assert answer is not None
        assert answer.status == 200, link


@pytest.mark.browser
def test_the_page_of_every_record_opens(browser: Browser, shop: Shop) -> None:
    workspace = shop.buy()
    page = _signed_in(browser, shop)
    links = page.locator("nav a[href^='/admin/']").evaluate_all("all => all.map(a => a.href)")
    for link in sorted({link for link in links if link.count("/") > 5}):
        page.goto(link)
        record = page.locator("#result_list tbody a[href*='/change/']").first
        if record.count():
            answer = page.goto(record.evaluate("link => link.href"))
            assert answer is not None
            assert answer.status == 200, link

    page.goto(f"{shop.stack.web_url}/admin/tenants/tenant/?q={workspace.order.subdomain}")
    page.locator("#result_list tbody a[href*='/change/']").first.click()
    page.get_by_role("link", name="Suspend", exact=True).click()
    page.locator("[name=reason]").fill("A legal matter")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("A legal matter").first).to_be_visible()
    keep_screenshot(page, "admin-tenant")


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_the_dashboard_shows_what_came_in(
    browser: Browser, shop: Shop, size: dict[str, int]
) -> None:
    with psycopg.connect(shop.stack.database_url) as connection:
        # Other tests of this system had Stripe's deliveries fail.
        connection.execute("DELETE FROM core_webhookslot")
    shop.buy()
    page = _signed_in(browser, shop, size)
    webhooks = page.locator("article", has_text="Last hour")
    until(lambda: _counted(page, webhooks) > 0, within=30)
    expect(webhooks).to_contain_text("100.0 %")
    expect(page.locator("section", has_text="From sign-up to workspace").last).to_be_visible()
    expect(page.get_by_text("Monthly recurring")).to_be_visible()
    keep_screenshot(page, f"admin-dashboard-{size['width']}")


@pytest.mark.browser
def test_a_workspace_opened_by_hand_is_signed_in_to_by_its_owner(
    browser: Browser, shop: Shop
) -> None:
    order = Order()
    page = _signed_in(browser, shop)
    page.goto(f"{shop.stack.web_url}/admin/tenants/tenant/open/")
    for name in ("organization", "subdomain", "email", "first_name", "last_name"):
        page.locator(f"[name={name}]").fill(getattr(order, name))
    page.get_by_role("button", name="Open a workspace").click()
    expect(page.get_by_text("the welcome mail is on its way")).to_be_visible()

    origin = shop.stack.web_url.replace("localhost", f"{order.subdomain}.localhost")
    workspace = Workspace(shop, order, "", origin)
    owner = open_page(browser, DESKTOP)
    owner.goto(f"{origin}/accounts/set-password/{workspace.key()}/")
    owner.locator("[name=password1]").fill(PASSWORD)
    owner.locator("[name=password2]").fill(PASSWORD)
    owner.locator("[name=password2]").press("Enter")
    owner.wait_for_url("**/accounts/login/**")
    owner.locator("[name=login]").fill(order.email)
    owner.locator("[name=password]").fill(PASSWORD)
    owner.locator("[name=password]").press("Enter")
    owner.wait_for_url(f"{origin}/")
    expect(owner.locator("body")).to_contain_text(order.organization)


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_support_works_in_somebodys_name_under_a_banner_and_leaves(
    browser: Browser, shop: Shop, size: dict[str, int]
) -> None:
    workspace = shop.buy()
    page = _signed_in(browser, shop, size)
    page.goto(f"{shop.stack.web_url}/admin/tenants/tenant/?q={workspace.order.subdomain}")
    page.locator("#result_list tbody a[href*='/change/']").first.click()
    page.get_by_role("link", name="Work as…").click()
    page.locator("[name=reason]").fill("Ticket 77")
    page.locator("[name=reason]").press("Enter")  # by keyboard alone from here
    button = page.get_by_role("button", name="Enter the workspace")
    expect(button).to_be_visible()
    button.focus()
    with page.context.expect_page() as opened:
        page.keyboard.press("Enter")
    inside = opened.value
    expect(inside.get_by_text("Support session:")).to_be_visible()
    expect(inside.locator(".support-banner")).to_contain_text("Ticket 77")
    keep_screenshot(inside, f"impersonation-{size['width']}")
    inside.get_by_role("button", name="End the support session").click()
    expect(inside.get_by_role("heading", name="Support has left")).to_be_visible()

    page.goto(f"{shop.stack.web_url}/admin/tenants/tenant/?q={workspace.order.subdomain}")
    page.locator("#result_list tbody a[href*='/change/']").first.click()
    expect(page.locator("#story")).to_contain_text("impersonation.ended")
    keep_screenshot(page, f"admin-tenant-story-{size['width']}")


@pytest.mark.browser
@pytest.mark.parametrize("size", [DESKTOP, PHONE], ids=["desktop", "phone"])
def test_a_colleague_enrols_an_app_and_writes_the_codes_down(
    browser: Browser, shop: Shop, size: dict[str, int]
) -> None:
    page = _signed_in(browser, shop, size)
    page.goto(f"{shop.stack.web_url}/admin/second-factor/")
    expect(page.get_by_role("img", name="QR code of your key")).to_be_visible()
    keep_screenshot(page, f"admin-second-factor-{size['width']}")
    secret = page.locator("[data-secret]").inner_text()
    page.locator("[name=code]").fill(code_of(secret))
    page.locator("[name=code]").press("Enter")
    expect(page.locator("[data-recovery-codes] li")).to_have_count(10)
    keep_screenshot(page, f"admin-recovery-codes-{size['width']}")
    page.get_by_role("link", name="I have written them down").click()
    page.wait_for_url(f"{shop.stack.web_url}/admin/")


def test_there_is_no_admin_on_a_tenants_host(shop: Shop) -> None:
    workspace = shop.buy()

    assert workspace.request("GET", "/admin/").status_code == 404
    assert workspace.request("GET", "/admin/login/").status_code == 404


def _counted(page: Page, webhooks: Locator) -> int:
    page.reload()
    return int(webhooks.locator("h3 span").inner_text())


def _signed_in(browser: Browser, shop: Shop, size: dict[str, int] = DESKTOP) -> Page:
    # Somebody new each time: the database may remember an earlier run, with another password.
    email = f"anna-{secrets.token_hex(4)}@staff.example"
    made = {"DJANGO_SUPERUSER_EMAIL": email}
    done = shop.stack.manage("createsuperuser", "--noinput", environ=made)
    assert done.returncode == 0, done.stderr
    page = open_page(browser, size)
    page.goto(f"{shop.stack.web_url}/admin/")
    page.locator("[name=username]").fill(email)
    page.locator("[name=password]").fill(shop.stack.env["DJANGO_SUPERUSER_PASSWORD"])
    page.locator("[name=password]").press("Enter")
    page.wait_for_url(f"{shop.stack.web_url}/admin/")
    return page


def _act_on_all(page: Page, action: str) -> None:
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option(label=action)
    page.locator("#changelist-form").get_by_role("button", name="Run").first.click()
    page.get_by_role("button", name=action).click()
    page.wait_for_load_state()
