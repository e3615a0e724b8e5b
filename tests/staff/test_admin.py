"""Staff in the public admin, by clicking; and nobody anywhere else."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator

import pytest
import requests
from playwright.sync_api import Browser, Page, expect

from devstack import environment
from devstack.stack import Stack
from tests.browsing import DESKTOP, keep_screenshot, open_page
from tests.customer import Order, Shop, until


@pytest.fixture
def strict_shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """A system that gives an event one attempt only."""
    given = {**environment.without_settings(os.environ), "EVENT_MAX_ATTEMPTS": "1"}
    with Stack(tmp_path_factory.mktemp("strict"), environ=given) as stack:
        stack.start()
        stack.command("plans", "plans", "push")
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
    page.get_by_role("link", name="Suspend").click()
    page.locator("[name=reason]").fill("A legal matter")
    page.get_by_role("button", name="Suspend").click()
    expect(page.get_by_text("A legal matter").first).to_be_visible()
    keep_screenshot(page, "admin-tenant")


def test_there_is_no_admin_on_a_tenants_host(shop: Shop) -> None:
    workspace = shop.buy()

    assert workspace.request("GET", "/admin/").status_code == 404
    assert workspace.request("GET", "/admin/login/").status_code == 404


def _signed_in(browser: Browser, shop: Shop) -> Page:
    # Somebody new each time: the database may remember an earlier run, with another password.
    email = f"anna-{secrets.token_hex(4)}@staff.example"
    made = {"DJANGO_SUPERUSER_EMAIL": email}
    done = shop.stack.manage("createsuperuser", "--noinput", environ=made)
    assert done.returncode == 0, done.stderr
    page = open_page(browser, DESKTOP)
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
    page.wait_for_load_state()
