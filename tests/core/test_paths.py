"""Keys in paths: whoever reads a log finds no link there that still opens something."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

from public_apps.core.credential_paths import Credential
from tests.core.test_logs import web_log_of
from tests.core.web_stack import HttpClient, WebStack, another_web, create_workspace
from tests.customer import until
from tests.monitoring.test_sentry import Sentry, broken, sentry

__all__ = ["sentry"]
PARAMETER = re.compile(r"<(?:(\w+):)?(\w+)>")
# Parameters of text that open nothing: names that everybody sees, and numbers of rows. What is
# called anything else must be out of the logs, or be added here by somebody who has thought about it.
OPEN_TO_ALL = {
    "app_label", "content_type_id", "file", "format", "label", "object_id", "pk", "slug", "url",
    "verb",
    "credit_note_id", "invoice_id",  # Stripe's: opened for the owner who has signed in alone
    "session_id",  # Stripe's of a checkout, by which staff find a purchase in the log
}  # fmt: skip
URLCONFS = ("config.urls_public", "config.urls_tenant")


@dataclass(frozen=True)
class Way:
    """A path with a parameter that may be a key."""

    urlconf: str
    route: str
    is_marked: bool

    def path(self, key: str) -> str:
        """Return the path with this key."""
        return "/" + PARAMETER.sub(key, self.route)

    def host(self, web_stack: WebStack) -> str:
        """Return a host that serves it."""
        return "localhost" if self.urlconf == URLCONFS[0] else web_stack.acme.host


def _ways() -> list[Way]:
    return [way for urlconf in URLCONFS for way in _below(urlconf, get_resolver(urlconf), "")]


def _below(urlconf: str, resolver: URLResolver, before: str) -> Iterator[Way]:
    for each in resolver.url_patterns:
        route = f"{before}{each.pattern}"
        if isinstance(each, URLResolver):
            yield from _below(urlconf, each, route)
        else:
            yield from _of_pattern(urlconf, each, route)


def _of_pattern(urlconf: str, pattern: URLPattern, route: str) -> Iterator[Way]:
    converters: dict[str, Any] = pattern.pattern.converters
    named = {*converters, *pattern.pattern.regex.groupindex} - OPEN_TO_ALL
    if named:
        marked = all(isinstance(converters.get(name), Credential) for name in named)
        yield Way(urlconf, route, marked)


def test_every_key_in_a_path_is_marked() -> None:
    ways = _ways()
    assert len(ways) >= 4
    assert [way.route for way in ways if not way.is_marked] == []


SPELLINGS: dict[str, Callable[[str], str]] = {
    "as it was mailed": lambda path: path,
    "without its last slash": lambda path: path.rstrip("/"),
    "with a slash twice": lambda path: path.replace("/", "//").removeprefix("/"),
    "in capitals": lambda path: path[:8].upper() + path[8:],
    "with a bracket that a mail program put there": lambda path: path.rstrip("/") + ">",
    "with a space before the key": lambda path: (
        path[: path.rstrip("/").rindex("/")] + "/%20" + path.rstrip("/").rpartition("/")[2]
    ),
    "in quotation marks": lambda path: (
        quote(path[: path.rstrip("/").rindex("/")] + '/"') + path.rstrip("/").rpartition("/")[2]
    ),
    "with more behind it": lambda path: path + "more/",
}


@pytest.mark.parametrize("way", _ways(), ids=lambda way: way.route)
def test_no_key_is_in_the_log_however_its_link_was_spelled(
    web_stack: WebStack, http_client: HttpClient, way: Way
) -> None:
    for spell in SPELLINGS.values():
        for host in (way.host(web_stack), "localhost", "nobody.localhost"):
            for method in ("GET", "POST"):
                key, request_id = f"7-abc-{secrets.token_hex(16)}", secrets.token_hex(12)
                headers = {"X-Request-ID": request_id}
                path = spell(way.path(key))
                assert key in path
                http_client.ask(method, path, host=host, headers=headers)
                assert "[secret]" in web_log_of(web_stack, request_id)
                assert key not in web_stack.stack.log("web").read_text()


@pytest.mark.parametrize("way", _ways(), ids=lambda way: way.route)
def test_a_page_with_a_key_sends_it_nowhere_and_is_kept_nowhere(
    web_stack: WebStack, http_client: HttpClient, way: Way
) -> None:
    answer = http_client.ask("GET", way.path("7-abc-0123456789"), host=way.host(web_stack))
    assert answer.headers["Referrer-Policy"] == "same-origin"
    assert "no-store" in answer.headers["Cache-Control"]


def test_a_key_is_in_no_report_of_what_broke(
    web_stack: WebStack, sentry: Sentry, tmp_path: Path
) -> None:
    court, key = create_workspace(), f"7-{secrets.token_hex(32)}"
    with another_web(web_stack, tmp_path, SENTRY_DSN=sentry.dsn) as http_client:
        with broken("accounts_invitation", court.tenant.schema_name):
            answer = http_client.ask("GET", f"/accounts/invitation/{key}/", host=court.host)
        assert answer.status_code == 500
        until(lambda: sentry.reports)
        log = (tmp_path / "log" / "web.log").read_text()
    assert "accounts_invitation" in log
    assert "/accounts/invitation/[secret]/" in log
    assert key not in log
    assert key not in sentry.raw.decode()
