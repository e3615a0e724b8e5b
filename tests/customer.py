"""Customers: people with names who buy, pay, read their mail and sign in, through public doors."""

from __future__ import annotations

import json
import re
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Any, Literal, LiteralString, TypeVar

import psycopg
import requests
from psycopg.rows import dict_row

from devstack import mailbox
from devstack.stack import Stack

T = TypeVar("T")
# Of our own page, or of the Next.js site's.
LINK = re.compile(r"https?://[^\s<>\"]+/set-password/([^\s<>\"/]+)/?")
PASSWORD = "a-quiet-courtyard-42"


def an_address() -> dict[str, str]:
    """Return the headers of a customer whom nobody has seen: limits by address are over all of them."""
    return {"X-Forwarded-For": ".".join(str(1 + secrets.randbelow(250)) for _ in range(4))}


@dataclass
class Order:
    """What Eleni types into the form; every order wishes for another name."""

    organization: str = "Sunny Court"
    subdomain: str = field(default_factory=lambda: f"sunny-{secrets.token_hex(4)}")
    email: str = ""
    first_name: str = "Eleni"
    last_name: str = "Papadaki"
    plan: str = "professional"
    interval: str = "month"

    def __post_init__(self) -> None:
        self.email = self.email or f"eleni@{self.subdomain}.example"


class Shop:
    """The running system from outside."""

    def __init__(self, stack: Stack) -> None:
        self.stack = stack
        self.url = stack.web_url.replace("localhost", "127.0.0.1")
        self.mock = stack.mock_url
        self.address = an_address()

    # --- Buying -------------------------------------------------------------------------------

    def order(self, order: Order | None = None, **headers: str) -> requests.Response:
        """Post an order, without an opinion on the answer."""
        body = (order or Order()).__dict__
        sent = {**self.address, **headers}
        return requests.post(
            f"{self.url}/api/billing/checkout/", json=body, headers=sent, timeout=60
        )

    def check_out(self, order: Order) -> str:
        """Start a purchase and return its checkout session's id."""
        answer = self.order(order)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["session_id"])

    def pay(self, session_id: str, outcome: str = "paid") -> None:
        """Let the mock Stripe's customer pay, or not."""
        answer = self.control(f"sessions/{session_id}/complete", {"outcome": outcome})
        assert answer.status_code < 300, answer.text

    def progress(self, session_id: str) -> dict[str, Any]:
        """Return what the progress call tells."""
        url = f"{self.url}/api/billing/checkout/{session_id}/"
        answer: dict[str, Any] = requests.get(url, timeout=60).json()
        return answer

    def wait_for(
        self, session_id: str, status: str = "ready", *, within: float = 90
    ) -> dict[str, Any]:
        """Return the progress once it has this status."""
        return until(
            lambda: (found := self.progress(session_id)).get("status") == status and found,
            within=within,
            otherwise=lambda: f"{session_id} is {self.progress(session_id)}",
        )

    def buy(self, order: Order | None = None, *, outcome: str = "paid") -> Workspace:
        """Buy a workspace and wait until it is ready."""
        order = order or Order()
        session_id = self.check_out(order)
        self.pay(session_id, outcome)
        progress = self.wait_for(session_id)
        return Workspace(self, order, session_id, progress["workspace_url"])

    # --- Stripe's side ------------------------------------------------------------------------

    def control(self, path: str, body: dict[str, Any]) -> requests.Response:
        """Turn one of the mock Stripe's controls."""
        return requests.post(f"{self.mock}/_control/{path}", json=body, timeout=60)

    def deliver(self, payload: bytes | str, *, header: str | None = None) -> requests.Response:
        """Post a webhook body with a good signature, or with the given header."""
        import stripe

        body = payload.encode() if isinstance(payload, str) else payload
        secret = self.stack.env["STRIPE_WEBHOOK_SECRET"].partition(",")[0]
        if header is None:
            text = body.decode("utf-8", "surrogateescape")
            header = stripe.WebhookSignature.generate_signature_header(text, secret)
        return requests.post(
            f"{self.url}/api/billing/webhook/stripe/",
            data=body,
            headers={"Stripe-Signature": header, "Content-Type": "application/json"},
            timeout=60,
        )

    # --- The operator's side ------------------------------------------------------------------

    def tenants(self) -> list[dict[str, Any]]:
        """Return claimed tenants as `tenant list --json` shows them (that costs a second a call)."""
        return self._rows(
            "SELECT t.schema_name AS schema, t.name, t.owner_email,"
            " split_part(coalesce(d.domain, ''), '.', 1) AS subdomain,"
            " CASE WHEN t.archived_at IS NOT NULL THEN 'archived'"
            " WHEN t.opened_at IS NULL THEN 'provisioning'"
            " WHEN t.suspended_at IS NOT NULL THEN 'suspended' ELSE 'active' END AS status,"
            " s.status AS subscription_status, p.code AS plan"
            " FROM tenants_tenant t LEFT JOIN tenants_domain d ON d.tenant_id = t.id AND d.is_primary"
            " LEFT JOIN billing_subscription s ON s.tenant_id = t.id"
            " LEFT JOIN billing_plan p ON p.id = s.plan_id WHERE t.claimed_at IS NOT NULL"
        )

    def events(self) -> list[dict[str, Any]]:
        """Return the inbox as `stripe_events list --json` shows it."""
        return self._rows(
            "SELECT e.id, e.type, e.status, e.attempts, e.error, e.object_id,"
            " t.schema_name AS tenant FROM billing_stripeevent e"
            " LEFT JOIN tenants_tenant t ON t.id = e.tenant_id"
        )

    def event(self, event_id: str) -> dict[str, Any]:
        """Return the row of one event."""
        return next(row for row in self.events() if row["id"] == event_id)

    def mails_to(self, address: str) -> list[EmailMessage]:
        """Return the mails that have arrived for an address."""
        return mailbox.mails_to(address, folder=self.stack.mail_dir)

    def listed(self, *arguments: str) -> list[dict[str, Any]]:
        """Return what an operator's listing command prints as JSON."""
        done = self.stack.manage(*arguments)
        assert done.returncode == 0, done.stderr
        rows: list[dict[str, Any]] = json.loads(done.stdout)
        return rows

    def _rows(self, query: LiteralString) -> list[dict[str, Any]]:
        with psycopg.connect(self.stack.database_url, row_factory=dict_row) as connection:
            return connection.execute(query).fetchall()


@dataclass
class Workspace:
    """A bought workspace, and its owner."""

    shop: Shop
    order: Order
    session_id: str
    url: str
    address: dict[str, str] = field(default_factory=an_address)

    @property
    def host(self) -> str:
        """The workspace's host and port, as a browser would send it."""
        return self.url.split("/")[2]

    def request(self, method: str, path: str, **kwargs: Any) -> requests.Response:
        """Ask the workspace's own host; the connection goes to loopback whatever the name."""
        headers = {"Host": self.host, **self.address, **kwargs.pop("headers", {})}
        url = f"{self.shop.url}{path}"
        return requests.request(method, url, headers=headers, timeout=60, **kwargs)

    def welcome_mail(self, *, within: float = 60) -> EmailMessage:
        """Return the first mail to the owner, once it has arrived."""
        return until(lambda: self.shop.mails_to(self.order.email), within=within)[0]

    def key(self) -> str:
        """Return the key of the link in the welcome mail."""
        found = LINK.search(mailbox.plain_text(self.welcome_mail()))
        assert found
        return found[1]

    def set_password(self, password: str = PASSWORD) -> None:
        """Set the owner's password by the API, with the key from the mail."""
        answer = self.request(
            "POST",
            "/_allauth/app/v1/auth/password/reset",
            json={"key": self.key(), "password": password},
        )
        assert answer.status_code in {200, 401}, answer.text  # 401: set, and not signed in

    def token(self, password: str = PASSWORD) -> str:
        """Sign the owner in and return the session token."""
        answer = self.request(
            "POST",
            "/_allauth/app/v1/auth/login",
            json={"email": self.order.email, "password": password},
        )
        assert answer.status_code == 200, answer.text
        return str(answer.json()["meta"]["session_token"])


def until(
    ask: Callable[[], T | Literal[False] | None],
    *,
    within: float = 60,
    otherwise: Callable[[], str] = lambda: "never",
) -> T:
    """Return the first truthy answer; fail with what was found instead."""
    deadline = time.monotonic() + within
    while True:
        answer = ask()
        if answer:
            return answer
        assert time.monotonic() < deadline, otherwise()
        time.sleep(0.05)
