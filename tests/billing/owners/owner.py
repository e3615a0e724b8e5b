"""Eleni, who bought a workspace and sees to its subscription, and the people that she works with."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pytest
import requests
from django.db import connection

from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from tests.customer import PASSWORD, Order, Shop, Workspace, until

Document = dict[str, Any]


@dataclass
class Owner:
    """A signed-in person of a workspace, with Stripe's side of it."""

    workspace: Workspace
    token: str

    @property
    def shop(self) -> Shop:
        """The system."""
        return self.workspace.shop

    @property
    def tenant(self) -> Tenant:
        """The workspace as it is now."""
        host = self.workspace.host.partition(":")[0]
        found: Tenant = _in_a_thread(lambda: Tenant.objects.get(domains__domain=host))
        return found

    def ask(self, method: str, path: str, body: Document | None = None, **headers: str) -> Any:
        """Ask the workspace's API with this person's token."""
        given = {"Authorization": f"Bearer {self.token}", **headers}
        return self.workspace.request(method, path, json=body, headers=given)

    def get(self, path: str = "/api/subscription/") -> Document:
        """Read from the API."""
        answer = self.ask("GET", path)
        assert answer.status_code == 200, answer.text
        found: Document = answer.json()
        return found

    def post(self, verb: str, body: Document | None = None, *, key: str = "") -> requests.Response:
        """Press one of the buttons."""
        headers = {"Idempotency-Key": key} if key else {}
        answer: requests.Response = self.ask("POST", f"/api/subscription/{verb}/", body, **headers)
        return answer

    # --- Stripe's side --------------------------------------------------------------------------

    @cached_property
    def subscription_id(self) -> str:
        """The subscription that was bought."""
        return str(self.stripe(f"checkout/sessions/{self.workspace.session_id}")["subscription"])

    @property
    def at_stripe(self) -> Document:
        """The subscription as Stripe has it."""
        return self.stripe(f"subscriptions/{self.subscription_id}")

    def invoices(self) -> list[Document]:
        """The customer's invoices at Stripe, newest first."""
        found: list[Document] = self.stripe(f"invoices?subscription={self.subscription_id}")["data"]
        return found

    def stripe(self, path: str) -> Document:
        """Read from Stripe's API."""
        key = self.shop.stack.env["STRIPE_SECRET_KEY"]
        answer = requests.get(f"{self.shop.mock}/v1/{path}", auth=(key, ""), timeout=30)
        assert answer.ok, answer.text
        found: Document = answer.json()
        return found

    def pay_with(self, card: str) -> None:
        """Let the subscription be paid with one of Stripe's test cards from now on."""
        customer = self.at_stripe["customer"]
        attached = self.change(f"payment_methods/{card}/attach", customer=customer)
        path = f"subscriptions/{self.subscription_id}"
        self.change(path, default_payment_method=attached["id"])

    def change(self, path: str, **params: str) -> Document:
        """Change something by Stripe's API."""
        key = self.shop.stack.env["STRIPE_SECRET_KEY"]
        answer = requests.post(
            f"{self.shop.mock}/v1/{path}", data=params, auth=(key, ""), timeout=30
        )
        assert answer.ok, answer.text
        changed: Document = answer.json()
        return changed

    def move(self, status: str) -> None:
        """Let the subscription come to a status at Stripe, and wait until we know."""
        path = f"subscriptions/{self.subscription_id}"
        self.shop.control(path, {"status": status}).raise_for_status()
        until(lambda: self.get()["status"] == status)

    def fault(self, **fault: Any) -> None:
        """Let Stripe's API fail in some way, until the test is over."""
        self.shop.control("faults", fault).raise_for_status()

    # --- Colleagues -----------------------------------------------------------------------------

    def colleague(self, role: str) -> Owner:
        """Return somebody of the same workspace in another role, signed in."""
        email = f"{role}-{secrets.token_hex(3)}@{self.workspace.order.subdomain}.example"
        schema_name = self.tenant.schema_name

        def join() -> None:
            with inside(schema_name):
                User.objects.create_user(email, PASSWORD, role=role, first_name="Nikos")

        _in_a_thread(join)
        order = Order(**{**self.workspace.order.__dict__, "email": email})
        theirs = Workspace(self.shop, order, self.workspace.session_id, self.workspace.url)
        return Owner(theirs, theirs.token())


def _in_a_thread(look: Callable[[], Any]) -> Any:
    """Return what `look` finds in our database; beside a browser Django wants another thread."""

    def looked() -> Any:
        try:
            return look()
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=1) as pool:
        return pool.submit(looked).result()


def buyer(shop: Shop, order: Order | None = None, *, outcome: str = "paid") -> Owner:
    """Let somebody buy a workspace, set a password and sign in."""
    workspace = shop.buy(order, outcome=outcome)
    workspace.set_password()
    bought = Owner(workspace, workspace.token())
    until(lambda: bought.get()["status"] != "none")
    return bought


@pytest.fixture
def owner(shop: Shop) -> Iterator[Owner]:
    """Eleni, who pays for the plan "starter" by the month; Stripe is well again after the test."""
    yield buyer(shop, Order(plan="starter"))
    requests.delete(f"{shop.mock}/_control/faults", timeout=10).raise_for_status()
