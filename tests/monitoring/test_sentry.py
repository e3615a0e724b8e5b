"""What leaves for Sentry: the error, whose tenant it was, and nothing that nobody else should read."""

from __future__ import annotations

import gzip
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import brotli  # type: ignore[import-untyped]
import pytest
from django.db import connection

from tests.billing.posting import deliver, event
from tests.core.web_stack import PASSWORD, WebStack, another_web, create_workspace
from tests.customer import until

UNPACK: dict[str, Callable[[bytes], bytes]] = {
    "": bytes,
    "br": brotli.decompress,
    "gzip": gzip.decompress,
}


class Sentry:
    """A place that takes reports as Sentry does, and keeps them."""

    def __init__(self) -> None:
        self.reports: list[dict[str, Any]] = []
        self.raw = b""
        keep = self

        class Intake(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                keep.take(UNPACK[self.headers.get("Content-Encoding", "")](body))
                self.send_response(200)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_words: object) -> None:
                """Say nothing: the test's output is for the test."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Intake)

    @property
    def dsn(self) -> str:
        """Where to report to."""
        return f"http://abcdef0123456789@127.0.0.1:{self.server.server_port}/1"

    def take(self, envelope: bytes) -> None:
        """Keep the events of one envelope."""
        self.raw += envelope
        lines = envelope.splitlines()
        for header, item in zip(lines[1::2], lines[2::2], strict=False):
            if json.loads(header).get("type") == "event":
                self.reports.append(json.loads(item))


@pytest.fixture
def sentry() -> Iterator[Sentry]:
    """A Sentry on this machine."""
    made = Sentry()
    threading.Thread(target=made.server.serve_forever, daemon=True).start()
    yield made
    made.server.shutdown()
    made.server.server_close()


@contextmanager
def broken(table: str, schema: str) -> Iterator[None]:
    """Let a table be away, as nothing but an accident could."""
    with connection.cursor() as cursor:
        cursor.execute(f'ALTER TABLE "{schema}"."{table}" RENAME TO away')
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute(f'ALTER TABLE "{schema}".away RENAME TO "{table}"')


def test_an_error_in_a_tenant_is_reported_with_its_tenant_and_nobodys_data(
    web_stack: WebStack, sentry: Sentry, tmp_path: Path
) -> None:
    court = create_workspace()
    request_id, cookie = secrets.token_hex(12), secrets.token_hex(12)
    with another_web(web_stack, tmp_path, SENTRY_DSN=sentry.dsn) as http_client:
        token = http_client.token(court)
        headers = {
            "Authorization": f"Bearer {token}",
            "Cookie": f"session={cookie}",
            "X-Request-ID": request_id,
        }
        with broken("accounts_user", court.tenant.schema_name):
            path = f"/api/me/?email={court.owner}&token={token}"
            answer = http_client.ask("GET", path, host=court.host, headers=headers)
            body = {"email": court.owner, "password": PASSWORD}
            login = "/_allauth/app/v1/auth/login"
            again = http_client.ask("POST", login, host=court.host, headers=headers, json=body)
        assert {answer.status_code, again.status_code} == {500}
        until(lambda: len(sentry.reports) >= 2)
    report = sentry.reports[0]
    assert report["tags"]["tenant"] == court.tenant.schema_name
    assert report["tags"]["request_id"] == request_id
    assert "accounts_user" in json.dumps(report["exception"])
    assert set(report["request"]) <= {"method", "url"}
    told = sentry.raw.decode()
    for hidden in (token, cookie, PASSWORD, court.owner, web_stack.stack.env["STRIPE_SECRET_KEY"]):
        assert hidden not in told


def test_an_event_that_could_not_be_stored_is_reported_by_its_id(
    web_stack: WebStack, sentry: Sentry, tmp_path: Path
) -> None:
    sent = event()
    with another_web(web_stack, tmp_path, SENTRY_DSN=sentry.dsn) as http_client:
        with broken("billing_stripeevent", "public"):
            assert deliver(web_stack, http_client, sent).status_code == 500
        until(lambda: sentry.reports)
    report = sentry.reports[0]
    assert report["tags"]["event_id"] == sent["id"]
    assert report["logentry"]["message"] == "event could not be stored"
    assert "billing_stripeevent" in report["extra"]["exception"]
    assert report["fingerprint"] == [
        "event could not be stored",
        "django.db.utils.ProgrammingError",
    ]
    assert len(sentry.reports) == 1
