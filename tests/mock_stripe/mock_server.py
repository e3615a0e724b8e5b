"""The mock Stripe as a process, its client, and a shop's webhook endpoint that keeps what it gets."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import stripe

SECRET = "whsec_for_tests"
KEY = "sk_test_for_tests"
ROOT = Path(__file__).parents[2]
Document = dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Delivery:
    """One webhook as it came in."""

    path: str
    body: bytes
    signature: str
    content_type: str
    at: float

    @property
    def event(self) -> Document:
        """The event in it."""
        event: Document = json.loads(self.body)
        return event


class Receiver:
    """A shop's webhook endpoint on a free port; answers as `answers` says, else 200."""

    def __init__(self) -> None:
        self.deliveries: list[Delivery] = []
        self.answers: Callable[[Delivery], int] = lambda _delivery: 200
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                delivery = Delivery(
                    path=self.path,
                    body=body,
                    signature=self.headers["Stripe-Signature"],
                    content_type=self.headers["Content-Type"],
                    at=time.time(),
                )
                receiver.deliveries.append(delivery)
                self.send_response(receiver.answers(delivery))
                self.end_headers()

            def log_message(self, format: str, *args: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/hook"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def close(self) -> None:
        """Take no more."""
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def events(self, event_type: str | None = None) -> list[Document]:
        """Return the events that came in, in order; of one type, if asked."""
        found = [delivery.event for delivery in list(self.deliveries)]
        return [event for event in found if event_type in {None, event["type"]}]

    def types(self) -> list[str]:
        """Return the types of what came in."""
        return [event["type"] for event in self.events()]

    def wait_for(self, event_type: str, *, count: int = 1) -> list[Document]:
        """Return the events of a type as soon as there are so many."""
        eventually(lambda: len(self.events(event_type)) >= count, what=f"{count} {event_type}")
        return self.events(event_type)


@dataclass(frozen=True, kw_only=True)
class Reply:
    """An HTTP answer."""

    status: int
    headers: dict[str, str]
    body: str

    def json(self) -> Any:
        """Return the body as JSON."""
        return json.loads(self.body)


class Mock:
    """The mock Stripe in a process of its own."""

    def __init__(
        self, folder: Path, *, webhook_url: str | None = None, options: Sequence[str] = ()
    ) -> None:
        self.folder = folder
        self._webhook_url = webhook_url
        self._options = options
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def start(self) -> None:
        """Start it, on a free port the first time and on the same one after."""
        port = urlsplit(self.url).port or 0
        given = ["--webhook-url", self._webhook_url] if self._webhook_url else []
        self._process = subprocess.Popen(
            [
                *(sys.executable, "-m", "mock_stripe", "--port", str(port)),
                *("--state", str(self.folder), "--secret-key", KEY, "--webhook-secret", SECRET),
                *given,
                *self._options,
            ],
            cwd=ROOT,
            env=clean_environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        assert line.startswith("Mock Stripe serves on "), line
        self.url = line.split()[4]

    def stop(self, number: int = signal.SIGTERM) -> int:
        """Send a signal and return the exit status."""
        process = self._process
        assert process is not None
        assert process.stdout is not None
        process.send_signal(number)
        status = process.wait(timeout=10)
        process.stdout.close()
        self._process = None
        return status

    @property
    def is_running(self) -> bool:
        """Say whether it was started and not stopped."""
        return self._process is not None

    def client(self, *, key: str = KEY, retries: int = 0) -> stripe.StripeClient:
        """Return Stripe's own client, pointed here."""
        return stripe.StripeClient(
            key, base_addresses={"api": self.url}, max_network_retries=retries
        )

    def request(
        self,
        method: str,
        path: str,
        body: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        """Do one plain HTTP request; redirects are not followed."""
        connection = http.client.HTTPConnection(urlsplit(self.url).netloc, timeout=20)
        try:
            connection.request(method, path, body, headers or {})
            response = connection.getresponse()
            return Reply(
                status=response.status,
                headers={name.lower(): value for name, value in response.getheaders()},
                body=response.read().decode(),
            )
        finally:
            connection.close()

    def control(self, path: str, body: Document | None = None, *, method: str = "POST") -> Any:
        """Use a control that must work, and return its JSON."""
        given = None if body is None else json.dumps(body)
        reply = self.request(method, f"/_control/{path}", given)
        assert reply.status == 200, reply.body
        return reply.json()

    def refused(self, path: str, body: Document) -> tuple[int, str]:
        """Use a control that must be refused, and return its status and message."""
        reply = self.request("POST", f"/_control/{path}", json.dumps(body))
        return reply.status, reply.json()["error"]["message"]

    def call(
        self, method: str, path: str, form: dict[str, str] | None = None, *, key: str = KEY,
        idempotency_key: str = "",
    ) -> Reply:  # fmt: skip
        """Call the API without Stripe's client."""
        headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/x-www-form-urlencoded",
        }
        if idempotency_key:
            headers["Idempotency-Key"] = idempotency_key
        return self.request(method, path, urlencode(form or {}), headers)

    def price(self, amount: int = 2000, interval: str = "month", **more: Any) -> stripe.Price:
        """Return a recurring price in euro, of a product of its own unless one is given."""
        client = self.client().v1
        if "product" not in more:
            more["product"] = client.products.create({"name": "Plan"}).id
        params: Any = {
            "currency": "eur", "unit_amount": amount, "recurring": {"interval": interval}, **more,
        }  # fmt: skip
        return client.prices.create(params)

    def session(self, price: str | None = None, **more: Any) -> stripe.checkout.Session:
        """Return a fresh checkout session."""
        params: Any = {
            "mode": "subscription",
            "line_items": [{"price": price or self.price().id, "quantity": 1}],
            "success_url": "http://shop.test/welcome/{CHECKOUT_SESSION_ID}",
            "cancel_url": "http://shop.test/pricing?left={CHECKOUT_SESSION_ID}",
            **more,
        }
        if "customer" not in params:
            params.setdefault("customer_email", "eleni@example.com")
        return self.client().v1.checkout.sessions.create(params)

    def complete(self, session_id: str, outcome: str = "paid") -> Document:
        """Bring a session to an outcome, and return it."""
        session: Document = self.control(f"sessions/{session_id}/complete", {"outcome": outcome})
        return session

    def subscribed(self, price: str | None = None, outcome: str = "paid", **more: Any) -> str:
        """Return the id of a subscription that somebody just bought."""
        return str(self.complete(self.session(price, **more).id, outcome)["subscription"])

    def move(self, subscription_id: str, status: str) -> Document:
        """Move a subscription to a status, and return it."""
        moved: Document = self.control(f"subscriptions/{subscription_id}", {"status": status})
        return moved

    def settled(self) -> None:
        """Wait until nothing is left to deliver."""
        eventually(
            lambda: self.control("ready", method="GET")["pending_deliveries"] == 0,
            what="all delivered",
        )


def clean_environment() -> dict[str, str]:
    """Return the environment without Django's switch for debugging."""
    return {name: value for name, value in os.environ.items() if name != "DJANGO_DEBUG"}


def eventually(held: Callable[[], bool], *, what: str, seconds: float = 60) -> None:
    """Wait until something holds; fail if it does not come to hold."""
    until = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < until, f"not within {seconds} s: {what}"
        time.sleep(0.02)
