"""An owner's browser: the workspace is deleted by name and password, and kept after all."""

from __future__ import annotations

from playwright.sync_api import Browser, expect

from public_apps.tenants import domains
from public_apps.tenants.offboarding import departures
from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.core.web_stack import PASSWORD, WebStack, create_workspace


def test_an_owner_deletes_the_workspace_then_keeps_it(
    web_stack: WebStack, browser: Browser
) -> None:
    workspace = create_workspace()
    page = open_page(browser, DESKTOP)
    page.goto(domains.url_of(workspace.tenant, "/settings/delete/"))
    page.fill("input[name=login]", workspace.owner)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main button[type=submit]").click()

    page.fill("input[name=name]", "Another name")
    page.fill("input[name=password]", PASSWORD)
    page.get_by_role("button", name="Delete the workspace").click()
    expect(page.locator(".errorlist")).to_contain_text("not the name")
    page.fill("input[name=name]", workspace.tenant.name)
    page.fill("input[name=password]", PASSWORD)
    keep_screenshot(page, "delete-workspace")
    page.get_by_role("button", name="Delete the workspace").click()
    expect(page.locator("h1")).to_have_text("This workspace will be deleted")
    assert departures.current(workspace.tenant) is not None
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    keep_screenshot(page, "delete-workspace-phone")

    page.get_by_role("button", name="Keep the workspace").click()
    expect(page.locator("h1")).to_have_text("Delete the workspace")
    assert departures.current(workspace.tenant) is None
