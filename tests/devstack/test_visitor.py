"""The journey's visitor behaves as a browser without JavaScript."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from urllib.parse import parse_qs

import pytest

from devstack.visitor import Visitor

PAGE = """
<form action="/language/"><input name="next" value="/"><button name="go" value="1">Go</button></form>
<form method="post" action="/enter?from=page">
  <input type="hidden" name="csrf" value="a&amp;b"><input name="login"><input type="submit" name="s">
  <input type="checkbox" name="remember" value="yes"><input type="radio" name="plan" value="one">
  <input type="radio" name="plan" value="two" checked>
</form>
"""


class Site(http.server.BaseHTTPRequestHandler):
    """A page with forms; entering sets a cookie and leads home, which tells what arrived."""

    def do_GET(self) -> None:
        if self.path == "/form":
            self.answer(200, PAGE, cookie="seen=yes; Path=/")
        elif self.path == "/leave":
            self.answer(302, "", location="/", cookie="seen=; Max-Age=0")
        elif self.path == "/round":
            self.answer(302, "", location="/round")
        else:
            headers = {name: self.headers.get(name, "") for name in ("Host", "Cookie", "X-Sent")}
            self.answer(200, json.dumps({"method": self.command, **headers}))

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted = (self.path, parse_qs(body.decode()))  # type: ignore[attr-defined]
        self.answer(303, "", location=f"http://{self.headers['Host']}/home", cookie="entered=1")

    def answer(self, status: int, body: str, *, location: str = "", cookie: str = "") -> None:
        self.send_response(status)
        for name, value in (("Location", location), ("Set-Cookie", cookie)):
            if value:
                self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, format: str, *args: object) -> None:
        """Keep quiet."""


@pytest.fixture
def site() -> Iterator[http.server.ThreadingHTTPServer]:
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Site)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join()


@pytest.fixture
def url(site: http.server.ThreadingHTTPServer) -> str:
    """A host that no name server knows."""
    return f"http://sunny-court.localhost:{site.server_port}"


def test_a_form_is_sent_with_what_it_holds_and_its_redirect_followed(
    site: http.server.ThreadingHTTPServer, url: str
) -> None:
    visitor = Visitor()
    page = visitor.get(f"{url}/form")
    home = visitor.submit(page, having="login", values={"login": "eleni@example.com"})
    assert site.posted == (  # type: ignore[attr-defined]
        "/enter?from=page",
        {"csrf": ["a&b"], "login": ["eleni@example.com"], "plan": ["two"]},
    )
    assert (home.url, home.json()["method"]) == (f"{url}/home", "GET")
    assert home.json()["Cookie"] == "seen=yes; entered=1"
    assert home.json()["Host"] == url.removeprefix("http://")


def test_cookies_stay_with_their_host_and_go_when_told(url: str) -> None:
    visitor = Visitor()
    visitor.get(f"{url}/form")
    other = url.replace("sunny-court", "olive-grove")
    assert visitor.get(f"{other}/").json()["Cookie"] == ""
    assert visitor.get(f"{url}/leave").json()["Cookie"] == ""


def test_headers_are_sent_along(url: str) -> None:
    assert Visitor().get(f"{url}/", headers={"X-Sent": "yes"}).json()["X-Sent"] == "yes"


def test_a_page_without_the_form_and_a_redirect_without_end_are_failures(url: str) -> None:
    visitor = Visitor()
    with pytest.raises(LookupError, match="no form with a field 'password'"):
        visitor.submit(visitor.get(f"{url}/form"), having="password", values={})
    with pytest.raises(LookupError, match="more than 10 redirects"):
        visitor.get(f"{url}/round")
