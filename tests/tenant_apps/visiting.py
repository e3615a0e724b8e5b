"""People of a town at the pages of their workspace, in a real Chromium."""

from __future__ import annotations

from playwright.sync_api import Browser, Page

from tests.browsing import DESKTOP, open_page
from tests.core.web_stack import PASSWORD
from tests.tenant_api.populated_workspace import Person


def at_home(browser: Browser, person: Person, size: dict[str, int] = DESKTOP) -> Page:
    """Sign somebody in by the page, and return it where that leads."""
    page = open_page(browser, size)
    page.goto(address(person, "/accounts/login/"))
    page.fill("input[name=login]", person.user.email)
    page.fill("input[name=password]", PASSWORD)
    page.click("main button[type=submit]")
    page.wait_for_url(address(person, "/"))
    return page


def address(person: Person, path: str) -> str:
    """Return where a path is, in this person's workspace."""
    port = person.populated.http_client.url.rpartition(":")[2]
    return f"http://{person.populated.workspace.host}:{port}{path}"
