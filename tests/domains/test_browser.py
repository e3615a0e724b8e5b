"""An owner's browser: a domain is added, proven, put first; the subdomain then leads there."""

from __future__ import annotations

import secrets
from pathlib import Path

from playwright.sync_api import Browser, Page, expect

from public_apps.tenants import domains
from tests.browsing import DESKTOP, PHONE, keep_screenshot, open_page
from tests.core.web_stack import PASSWORD, WebStack, Workspace, another_web, create_workspace
from tests.domains.moving import new_host, publish
from tests.domains.name_server import NameServer


def sign_in(page: Page, workspace: Workspace) -> None:
    """Sign the owner in by the form that is there."""
    page.fill("input[name=login]", workspace.owner)
    page.fill("input[name=password]", PASSWORD)
    page.locator("main button[type=submit]").click()


def test_an_owner_moves_to_a_domain_of_her_own(
    web_stack: WebStack, zone: NameServer, browser: Browser, tmp_path: Path
) -> None:
    workspace, host = create_workspace(), new_host()
    with another_web(web_stack, tmp_path / "web", DNS_RESOLVERS=zone.address) as http_client:
        # The web server is the browser's proxy: so every name that it is given leads there.
        page = open_page(
            browser, DESKTOP, proxy={"server": http_client.url, "bypass": "<-loopback>"}
        )
        page.goto(domains.url_at(workspace.host, "/settings/domains/"))
        sign_in(page, workspace)
        page.fill("input[name=host]", host)
        page.get_by_role("button", name="Add the domain").click()
        expect(page.locator(".notice")).to_contain_text("two records")

        page.get_by_role("button", name="Verify now").click()
        expect(page.locator(".notice")).to_contain_text("Not yet")
        keep_screenshot(page, "domains-unproven")
        claim = workspace.tenant.domain_claims.get()
        publish(zone, claim)
        workspace.tenant.domain_claims.update(checked_at=None)
        page.get_by_role("button", name="Verify now").click()
        expect(page.locator(".notice")).to_contain_text("verified")

        page.get_by_role("button", name="Make it the first address").click()
        page.wait_for_timeout(3100)  # each process learns of it within three seconds
        page.goto(domains.url_at(workspace.host, "/settings/domains/"))
        expect(page).to_have_url(domains.url_at(host, "/accounts/login/?next=/settings/domains/"))
        sign_in(page, workspace)
        expect(page).to_have_url(domains.url_at(host, "/settings/domains/"))
        page.set_viewport_size(PHONE)  # type: ignore[arg-type]
        keep_screenshot(page, "domains-phone")

        page.fill("input[name=subdomain]", f"moved-{secrets.token_hex(3)}")
        page.get_by_role("button", name="Change the subdomain").click()
        expect(page.locator("main")).to_contain_text("leads here until")
