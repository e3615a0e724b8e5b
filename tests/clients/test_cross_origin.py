"""Calls from a site on another origin, in a real browser that asks for permission first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.core.ground import Door, Ground, another_web

pytestmark = pytest.mark.browser
Visit = Callable[[str], Page]

ASK = """
async ({ url, method, headers, credentials, body }) => {
  try {
    const answer = await fetch(url, { method, headers, credentials, body });
    return { status: answer.status, body: await answer.json() };
  } catch (error) {
    return { blocked: true };
  }
}
"""


class EmptyPage(BaseHTTPRequestHandler):
    """A site with nothing on it, whatever its name."""

    def do_GET(self) -> None:
        """Serve the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>Site</title>")

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture(scope="module")
def sites() -> Iterator[int]:
    """Sites at every name under localhost; return their port."""
    with ThreadingHTTPServer(("127.0.0.1", 0), EmptyPage) as server:
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield server.server_port
        server.shutdown()


@pytest.fixture
def visit(browser: Browser, sites: int) -> Iterator[Visit]:
    """Open a page of the named site."""
    with browser.new_context() as context:

        def open_at(name: str) -> Page:
            page = context.new_page()
            page.goto(f"http://{name}.localhost:{sites}/")
            return page

        yield open_at


@pytest.fixture
def api(ground: Ground, sites: int, tmp_path: Path) -> Iterator[Door]:
    """A web server that allows one site, and one label below another."""
    allowed = f"http://site.localhost:{sites},http://*.preview.localhost:{sites}"
    with another_web(ground, tmp_path / "web", CORS_ALLOWED_ORIGINS=allowed) as door:
        yield door


def ask(page: Page, url: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate(ASK, {"url": url, "method": "GET", **options})
    return answer


def signed_in(ground: Ground, api: Door) -> dict[str, str]:
    token = api.token(ground.acme)
    return {"Authorization": f"Bearer {token}", "X-Tenant-Host": ground.acme.host}


def test_only_sites_on_allowed_origins_read_a_workspace(
    ground: Ground, api: Door, visit: Visit
) -> None:
    headers = signed_in(ground, api)
    for site in ("site", "branch-7.preview"):
        answer = ask(visit(site), f"{api.url}/api/me/", headers=headers)
        assert answer["status"] == 200, site
        assert answer["body"]["email"] == ground.acme.owner
    for stranger in ("evil", "a.b.preview", "site.evil", "preview"):
        page = visit(stranger)
        assert ask(page, f"{api.url}/api/me/", headers=headers) == {"blocked": True}, stranger
        assert ask(page, f"{api.url}/api/billing/config/") == {"blocked": True}, stranger
        assert ask(page, f"{api.url}/healthz") == {"blocked": True}, stranger


def test_a_site_changes_what_it_has_read(ground: Ground, api: Door, visit: Visit) -> None:
    headers = {**signed_in(ground, api), "Content-Type": "application/json"}
    asked = {"method": "PATCH", "headers": headers, "body": '{"last_name": "Papadaki"}'}
    assert ask(visit("site"), f"{api.url}/api/me/", **asked)["status"] == 200


def test_cookies_never_cross_origins(api: Door, visit: Visit) -> None:
    page = visit("site")
    assert ask(page, f"{api.url}/api/billing/config/")["status"] == 200
    with_cookies = ask(page, f"{api.url}/api/billing/config/", credentials="include")
    assert with_cookies == {"blocked": True}
