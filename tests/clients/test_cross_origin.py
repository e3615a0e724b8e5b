"""Calls from a site on another origin, in a real browser that asks for permission first."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from tests.core.ground import FRONTEND, Door, Ground

pytestmark = pytest.mark.browser
Visit = Callable[[str], Page]

ASK = """
async ({ url, method, headers, credentials }) => {
  try {
    const answer = await fetch(url, { method, headers, credentials });
    return { status: answer.status, body: await answer.json() };
  } catch (error) {
    return { blocked: true };
  }
}
"""


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """Open an empty page that belongs to the given origin, without asking the real one."""
    context = browser.new_context()
    pages = []

    def open_at(origin: str) -> Page:
        page = context.new_page()
        page.route(f"{origin}/", _empty_page)
        page.goto(f"{origin}/")
        pages.append(page)
        return page

    yield open_at
    context.close()


def _empty_page(route: Route) -> None:
    route.fulfill(status=200, content_type="text/html", body="<!doctype html><title>Site</title>")


def ask(page: Page, url: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate(ASK, {"url": url, "method": "GET", **options})
    return answer


@pytest.mark.parametrize("origin", [FRONTEND, "https://preview-7.vercel.app"])
def test_a_site_on_an_allowed_origin_reads_a_workspace_preflight_and_all(
    ground: Ground, door: Door, visit: Visit, origin: str
) -> None:
    headers = {
        "Authorization": f"Bearer {door.token(ground.acme)}",
        "X-Tenant-Host": ground.acme.host,
    }
    answer = ask(visit(origin), f"{door.url}/api/me/", headers=headers)
    assert answer["status"] == 200
    assert answer["body"]["email"] == ground.acme.owner


@pytest.mark.parametrize(
    "origin", ["https://www.evil.example", "https://a.b.vercel.app", "https://vercel.app.evil.example"]
)
def test_a_site_on_another_origin_learns_nothing(
    ground: Ground, door: Door, visit: Visit, origin: str
) -> None:
    headers = {
        "Authorization": f"Bearer {door.token(ground.acme)}",
        "X-Tenant-Host": ground.acme.host,
    }
    page = visit(origin)
    assert ask(page, f"{door.url}/api/me/", headers=headers) == {"blocked": True}
    assert ask(page, f"{door.url}/api/billing/config/") == {"blocked": True}


def test_cookies_never_cross_origins(ground: Ground, door: Door, visit: Visit) -> None:
    asked = ask(visit(FRONTEND), f"{door.url}/api/billing/config/", credentials="include")
    assert asked == {"blocked": True}
