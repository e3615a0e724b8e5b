"""Calls from a site on another origin, in a real browser that asks for permission first."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.clients.npm import Project
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, another_web

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

# What a page does with the typed client, and what it sees of the answers.
USE_CLIENT = """
async ({ baseUrl, tenantHost, email, password }) => {
  const { client } = window;
  const { api, session } = client.workspace({ baseUrl, tenantHost, tokens: client.inMemory() });
  const refused = await session.signIn({ email, password: "not-the-word-1" }).catch((error) => error);
  const { state } = await session.signIn({ email, password });
  const path = "/api/buildings/";
  const made = client.unwrap(await api.POST(path, { body: { name: "Olive", address: "Akti 1" } }));
  const params = { path: { id: made.id } };
  const seen = client.versioned(await api.GET(`${path}{id}/`, { params }));
  const headers = client.ifMatch(seen);
  const changed = await api.PATCH(`${path}{id}/`, { params, body: { notes: "Mended" }, headers });
  const late = await api.PATCH(`${path}{id}/`, { params, body: { notes: "Late" }, headers });
  const names = [];
  const query = { page_size: 1 };
  for await (const row of client.pages(api, path, { params: { query } })) names.push(row.name);
  const file = new File(["Hello."], "hello.txt", { type: "text/plain" });
  const stored = client.unwrap(await api.POST("/api/files/", { body: { file } }));
  const who = await session.current();
  await session.signOut();
  const after = await api.GET("/api/me/");
  return {
    refused: [refused.name, refused.status], state, etag: seen.etag !== null, names,
    statuses: [changed, late, after].map(({ response }) => response.status),
    stored: stored.name, who: who.email,
  };
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
def api(web_stack: WebStack, sites: int, tmp_path: Path) -> Iterator[HttpClient]:
    """A web server that allows one site, and one label below another."""
    allowed = f"http://site.localhost:{sites},http://*.preview.localhost:{sites}"
    with another_web(web_stack, tmp_path / "web", CORS_ALLOWED_ORIGINS=allowed) as http_client:
        yield http_client


def ask(page: Page, url: str, **options: Any) -> dict[str, Any]:
    answer: dict[str, Any] = page.evaluate(ASK, {"url": url, "method": "GET", **options})
    return answer


def signed_in(web_stack: WebStack, api: HttpClient) -> dict[str, str]:
    token = api.token(web_stack.acme)
    return {"Authorization": f"Bearer {token}", "X-Tenant-Host": web_stack.acme.host}


def test_only_sites_on_allowed_origins_read_a_workspace(
    web_stack: WebStack, api: HttpClient, visit: Visit
) -> None:
    headers = signed_in(web_stack, api)
    for site in ("site", "branch-7.preview"):
        answer = ask(visit(site), f"{api.url}/api/me/", headers=headers)
        assert answer["status"] == 200, site
        assert answer["body"]["email"] == web_stack.acme.owner
    for stranger in ("evil", "a.b.preview", "site.evil", "preview"):
        page = visit(stranger)
        assert ask(page, f"{api.url}/api/me/", headers=headers) == {"blocked": True}, stranger
        assert ask(page, f"{api.url}/api/billing/config/") == {"blocked": True}, stranger
        assert ask(page, f"{api.url}/healthz") == {"blocked": True}, stranger


def test_a_site_changes_what_it_has_read(
    web_stack: WebStack, api: HttpClient, visit: Visit
) -> None:
    headers = {**signed_in(web_stack, api), "Content-Type": "application/json"}
    asked = {"method": "PATCH", "headers": headers, "body": '{"last_name": "Papadaki"}'}
    assert ask(visit("site"), f"{api.url}/api/me/", **asked)["status"] == 200


def test_cookies_never_cross_origins(api: HttpClient, visit: Visit) -> None:
    page = visit("site")
    assert ask(page, f"{api.url}/api/billing/config/")["status"] == 200
    with_cookies = ask(page, f"{api.url}/api/billing/config/", credentials="include")
    assert with_cookies == {"blocked": True}


def test_a_page_signs_in_and_works_with_the_typed_client(
    web_stack: WebStack, api: HttpClient, visit: Visit, project: Project
) -> None:
    """The packed client, bundled by Vite."""
    project.bin("vite", "build", "--logLevel", "error")
    page = visit("site")
    complaints: list[str] = []
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.add_script_tag(path=project.folder / "bundle" / "page.js")
    told = {
        "baseUrl": api.url, "tenantHost": web_stack.birch.host, "email": web_stack.birch.owner,
        "password": PASSWORD,
    }  # fmt: skip
    assert page.evaluate(USE_CLIENT, told) == {
        "refused": ["ApiError", 400], "state": "signed-in", "etag": True, "names": ["Olive"],
        "statuses": [200, 412, 401], "stored": "hello.txt", "who": web_stack.birch.owner,
    }  # fmt: skip
    assert complaints == []
