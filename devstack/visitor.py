"""A visitor with cookies, as a browser without JavaScript: pages, forms, redirects.

It always connects to 127.0.0.1 and names the host in the request: `x.localhost` need not resolve.
"""

from __future__ import annotations

import http.client
import json
import secrets
from dataclasses import dataclass
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

REDIRECTS = frozenset({301, 302, 303, 307, 308})
MOST_REDIRECTS = 10
TIMEOUT_SECONDS = 30.0
URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came back: after redirects, `url` is where the visitor ended."""

    url: str
    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")

    def json(self) -> Any:  # what a stranger's JSON holds is for the caller to check
        """The body as JSON."""
        return json.loads(self.body)


class Visitor:
    """Keeps cookies for each host, and follows redirects."""

    def __init__(self) -> None:
        self._cookies: dict[str, SimpleCookie] = {}

    def get(self, url: str, *, headers: dict[str, str] | None = None) -> Reply:
        """Open a page."""
        return self._follow("GET", url, None, headers or {})

    def post_json(self, url: str, data: object, *, headers: dict[str, str] | None = None) -> Reply:
        """Post JSON to an API."""
        sent = {"Content-Type": "application/json", "Accept": "application/json", **(headers or {})}
        return self._follow("POST", url, json.dumps(data).encode(), sent)

    def submit(
        self,
        page: Reply,
        *,
        having: str,
        values: dict[str, str],
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Fill in the page's form that has a field named `having`, and send it.

        Raises LookupError if no form of the page has that field.
        """
        form = next((form for form in forms_of(page.text) if having in form.fields), None)
        if form is None:
            raise LookupError(f"no form with a field {having!r} at {page.url}")
        kind, body = form.encoded(values)
        sent = {"Content-Type": kind, "Referer": page.url, **(headers or {})}
        return self._follow("POST", urljoin(page.url, form.action or page.url), body, sent)

    def _follow(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        for _ in range(MOST_REDIRECTS):
            reply = self._request(method, url, body, headers)
            if reply.status not in REDIRECTS:
                return reply
            url = urljoin(url, reply.headers["Location"])
            if reply.status not in {307, 308}:
                method, body = "GET", None
        raise LookupError(f"more than {MOST_REDIRECTS} redirects, the last to {url}")

    def _request(self, method: str, url: str, body: bytes | None, headers: dict[str, str]) -> Reply:
        address = urlsplit(url)
        path = address.path or "/"
        if address.query:
            path = f"{path}?{address.query}"
        jar = self._cookies.setdefault(address.netloc, SimpleCookie())
        cookies = "; ".join(f"{name}={morsel.coded_value}" for name, morsel in jar.items())
        connection = http.client.HTTPConnection(
            "127.0.0.1", address.port or 80, timeout=TIMEOUT_SECONDS
        )
        try:
            sent = {"Host": address.netloc, **({"Cookie": cookies} if cookies else {}), **headers}
            connection.request(method, path, body=body, headers=sent)
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie", []):
            jar.load(line)
        for name in [name for name, morsel in jar.items() if morsel["max-age"] == "0"]:
            del jar[name]
        return Reply(url=url, status=response.status, headers=response.headers, body=content)


@dataclass(frozen=True)
class Form:
    """A form of a page: where it goes, and its fields with the values that they have now."""

    action: str
    fields: dict[str, str]
    enctype: str = URLENCODED

    def encoded(self, values: dict[str, str]) -> tuple[str, bytes]:
        """Return the content type and body with these values, as the form asks to be sent."""
        fields = {**self.fields, **values}
        if self.enctype != MULTIPART:
            return URLENCODED, urlencode(fields).encode()
        boundary = secrets.token_hex(16)
        parts = (
            f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
            for name, value in fields.items()
        )
        body = f"{''.join(parts)}--{boundary}--\r\n"
        return f"{MULTIPART}; boundary={boundary}", body.encode()


def forms_of(html: str) -> list[Form]:
    """Return the forms of a page."""
    reader = _FormReader()
    reader.feed(html)
    return reader.forms


class _FormReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.forms: list[Form] = []
        self._open: Form | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        if tag == "form":
            enctype = values.get("enctype", URLENCODED).lower()
            self._open = Form(values.get("action", ""), {}, enctype)
            self.forms.append(self._open)
        elif tag == "input" and self._open and values.get("name"):
            unticked = values.get("type") in {"checkbox", "radio"} and "checked" not in values
            if values.get("type") not in {"submit", "button"} and not unticked:
                self._open.fields[values["name"]] = values.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        if tag == "form":
            self._open = None
