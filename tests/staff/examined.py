"""The doctor asked in this process, and a Stripe whose clock is wrong."""

from __future__ import annotations

import io
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import requests
from django.core.management import call_command

Finding = dict[str, str]


def examine(*arguments: str) -> tuple[int, list[Finding]]:
    """Run the doctor here; return its exit status and findings."""
    said, status = io.StringIO(), 0
    try:
        call_command("doctor", "--json", *arguments, stdout=said)
    except SystemExit as ended:
        status = int(ended.code or 0)
    findings: list[Finding] = json.loads(said.getvalue())
    return status, findings


@contextmanager
def stripe_at_another_time(mock: str, *, seconds: float) -> Iterator[str]:
    """Stand in front of the mock Stripe with a clock that is wrong."""

    class Front(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            kept = {"Authorization": self.headers["Authorization"]}
            answer = requests.get(f"{mock}{self.path}", headers=kept, timeout=10)
            self.send_response(answer.status_code)
            self.send_header("Content-Length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return formatdate(time.time() + seconds, usegmt=True)

        def log_message(self, *_words: object) -> None:
            """Say nothing: the test's output is for the test."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Front)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()
