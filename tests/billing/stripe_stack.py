"""A workbench for the billing life: our database, a mock Stripe, and no worker but the test itself.

What Stripe says arrives at the real webhook and lies in the inbox until the test has it handled, so
a test decides when, in what order, and how many at once.
"""

from __future__ import annotations

import dataclasses
import secrets
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import requests
from django.conf import settings
from django.db import connection
from django.test import override_settings
from django.utils import timezone

from billing import checkout, inbox, plans, portal
from billing.checkout import Order
from billing.models import Customer as Customers
from billing.models import EventStatus, Invoice, Lead, Payment, Price, StripeEvent, Subscription
from billing.tasks import handle_event
from devstack import ports, processes, services
from devstack.stack import Stack
from public_apps.core.models import OutgoingMail
from public_apps.onboarding.models import Signup
from public_apps.tenants.models import Tenant
from tests.core.web_stack import HttpClient, WebStack
from tests.customer import until

Document = dict[str, Any]
_MOCK = pytest.StashKey[str]()


@dataclasses.dataclass
class Customer:
    """Somebody who bought a workspace, and what Stripe has of them."""

    stripe_stack: StripeStack
    order: Order
    session_id: str

    @property
    def signup(self) -> Signup:
        """The sign-up as it is now."""
        return Signup.objects.select_related("tenant").get(checkout_session_id=self.session_id)

    @property
    def tenant(self) -> Tenant:
        """The workspace as it is now."""
        tenant = self.signup.tenant
        assert tenant is not None
        return tenant

    @property
    def host(self) -> str:
        """Where the workspace answers."""
        return self.tenant.primary_domain

    @property
    def session(self) -> Document:
        """The checkout session as Stripe shows it."""
        return self.stripe_stack.get(f"checkout/sessions/{self.session_id}")

    @property
    def subscription_id(self) -> str:
        """The subscription that was bought."""
        return str(self.session["subscription"])

    @property
    def customer_id(self) -> str:
        """The customer at Stripe."""
        return str(self.session["customer"])

    @property
    def at_stripe(self) -> Document:
        """The subscription as Stripe shows it."""
        return self.stripe_stack.get(f"subscriptions/{self.subscription_id}")

    @property
    def mirrored(self) -> Subscription:
        """The subscription as we have it."""
        return Subscription.objects.get(pk=self.subscription_id)

    def move(self, status: str, **more: Any) -> None:
        """Let the subscription come to a status, with all that Stripe does on the way."""
        self.stripe_stack.control(
            f"subscriptions/{self.subscription_id}", {"status": status, **more}
        )

    def mails(self, kind: str) -> int:
        """Count the mails of a kind that were promised to the owner."""
        return OutgoingMail.objects.filter(kind=kind, to=self.order.email).count()


class StripeStack:
    """Stripe on one side, our inbox on the other, and the test in the middle."""

    def __init__(self, web_stack: WebStack, mock_url: str) -> None:
        self.web_stack = web_stack
        self.mock = mock_url
        self.key = str(settings.STRIPE.secret_key)
        self.mock_pages = mock_url.replace("127.0.0.1", "localhost")

    # --- Stripe's side ------------------------------------------------------------------------

    def control(self, path: str, body: Document) -> Document:
        """Turn one of the mock Stripe's controls."""
        answer = requests.post(f"{self.mock}/_control/{path}", json=body, timeout=30)
        assert answer.ok, answer.text
        turned: Document = answer.json()
        return turned

    def get(self, path: str, **params: Any) -> Document:
        """Read from Stripe's API."""
        return self._call("GET", path, params)

    def post(self, path: str, **params: Any) -> Document:
        """Change something by Stripe's API, as its Dashboard would."""
        return self._call("POST", path, params)

    def delete(self, path: str) -> Document:
        """Delete something by Stripe's API, as its Dashboard would."""
        return self._call("DELETE", path, {})

    def _call(self, method: str, path: str, params: Document) -> Document:
        in_url, in_body = (params, None) if method == "GET" else (None, params)
        answer = requests.request(
            method, f"{self.mock}/v1/{path}", params=in_url, data=in_body, auth=(self.key, ""),
            timeout=30,
        )  # fmt: skip
        assert answer.ok, answer.text
        document: Document = answer.json()
        return document

    def events(self, *, since: str = "") -> list[Document]:
        """Return what happened at Stripe, oldest first; after the event `since` if named."""
        found: list[Document] = []
        page: Document = {"limit": 100} | ({"ending_before": since} if since else {})
        while True:
            answer = self.get("events", **page)
            newest_first: list[Document] = answer["data"]
            found = [*newest_first, *found] if since else [*found, *newest_first]
            if not answer["has_more"]:
                return found[::-1]
            edge = newest_first[0] if since else newest_first[-1]
            page["ending_before" if since else "starting_after"] = edge["id"]

    def newest_event(self) -> str:
        """Return the id of the last event so far, or nothing."""
        data = self.get("events", limit=1)["data"]
        return str(data[0]["id"]) if data else ""

    def hold_deliveries(self) -> None:
        """Let Stripe deliver nothing from now on."""
        self.control("delivery", {"drop": True})

    @contextmanager
    def fault(self, **fault: Any) -> Iterator[None]:
        """Let Stripe's API fail in some way."""
        self.control("faults", fault)
        try:
            yield
        finally:
            requests.delete(f"{self.mock}/_control/faults", timeout=10).raise_for_status()

    # --- Buying -------------------------------------------------------------------------------

    def order(self, **wishes: str) -> Order:
        """Return what somebody wants; every order wishes for another name."""
        label = f"sunny-{secrets.token_hex(4)}"
        wanted = {
            "organization": "Sunny Court", "subdomain": label, "email": f"eleni@{label}.example",
            "first_name": "Eleni", "last_name": "Papadaki", "plan": "professional",
            "interval": "month",
        }  # fmt: skip
        return Order(**{**wanted, **wishes})

    def check_out(self, **wishes: str) -> Customer:
        """Let somebody come as far as the payment page."""
        order = self.order(**wishes)
        signup = checkout.start(order=order, language="en", idempotency_key=None)
        assert signup.checkout_session_id
        return Customer(self, order, signup.checkout_session_id)

    def buy(self, outcome: str = "paid", **wishes: str) -> Customer:
        """Let somebody buy a workspace, and handle all that follows."""
        customer = self.check_out(**wishes)
        self.control(f"sessions/{customer.session_id}/complete", {"outcome": outcome})
        self.handle_all()
        return customer

    # --- Our side -----------------------------------------------------------------------------

    def http_client(self) -> HttpClient:
        """Return a client at our web server that nobody has seen before."""
        return self.web_stack.http_client()

    def arrived(self) -> None:
        """Wait until Stripe has delivered all that it wants to deliver."""
        until(
            lambda: self._ready()["pending_deliveries"] == 0,
            otherwise=lambda: f"still {self._ready()}",
        )

    def _ready(self) -> Document:
        ready: Document = requests.get(f"{self.mock}/_control/ready", timeout=10).json()
        return ready

    def handle_all(self) -> None:
        """Handle what has arrived and what is due, one by one, until nothing is."""
        self.arrived()
        while due := list(inbox.due().order_by("next_attempt_at")):
            for event in due:
                handle_event(event_id=event.pk)

    def try_again(self) -> None:
        """Let the time of every event that failed come now, and handle them."""
        StripeEvent.objects.filter(status=EventStatus.RECEIVED).update(
            next_attempt_at=timezone.now()
        )
        self.handle_all()


def lead_of(order: Order) -> Lead:
    """Return what a closed shop keeps of an order."""
    asked = dataclasses.asdict(order)
    del asked["frontend_url"]  # where its buyer came from
    return Lead.objects.create(**asked)


def at_once(workers: int, *, event_ids: list[str]) -> None:
    """Handle events by several workers at once, each taking the next from one queue."""

    def work(event_id: str) -> None:
        try:
            handle_event(event_id=event_id)
        finally:
            connection.close()

    with ThreadPoolExecutor(max_workers=workers) as pool:
        list(pool.map(work, event_ids))


@pytest.fixture
def stripe_stack(web_stack: WebStack, request: pytest.FixtureRequest) -> Iterator[StripeStack]:
    """The workbench, with our prices at Stripe and an empty inbox."""
    config = request.config
    if _MOCK not in config.stash:
        factory: pytest.TempPathFactory = request.getfixturevalue("tmp_path_factory")
        stack = web_stack.stack
        running, config.stash[_MOCK] = start_mock(stack, factory.mktemp("stripe"))
        request.session.addfinalizer(lambda: processes.stop(running, watchdog=stack.watchdog))
    with _working_with(web_stack, config.stash[_MOCK]) as stripe_stack:
        yield stripe_stack


@pytest.fixture
def own_stripe_stack(web_stack: WebStack, tmp_path: Path) -> Iterator[StripeStack]:
    """A workbench with a Stripe of its own, whose clock may be put forward."""
    running, url = start_mock(web_stack.stack, tmp_path / "stripe")
    try:
        with _working_with(web_stack, url) as stripe_stack:
            yield stripe_stack
    finally:
        processes.stop(running, watchdog=web_stack.stack.watchdog)


@contextmanager
def _working_with(web_stack: WebStack, mock_url: str) -> Iterator[StripeStack]:
    prices = dict(Price.objects.values_list("pk", "stripe_price_id"))
    with override_settings(STRIPE=dataclasses.replace(settings.STRIPE, api_base=mock_url)):
        stripe_stack = StripeStack(web_stack, mock_url)
        stripe_stack.control("delivery", {})
        stripe_stack.arrived()
        stripe_stack.control("reset", {})
        _forget_what_was_bought()
        plans.push()
        portal.fix()
        yield stripe_stack
    for price_id, at_stripe in prices.items():
        Price.objects.filter(pk=price_id).update(stripe_price_id=at_stripe)


def _forget_what_was_bought() -> None:
    """Let a test that compares all customers with Stripe find its own, and nobody else's."""
    for mirrored in (StripeEvent, Payment, Invoice, Subscription, Customers):
        mirrored.objects.all().delete()


def start_mock(stack: Stack, folder: Path, *, key: str = "") -> tuple[processes.Running, str]:
    """Start a mock Stripe, an account of its own, and return its process and address."""
    port = ports.free()
    environ = {**stack.env, "STRIPE_SECRET_KEY": key or stack.env["STRIPE_SECRET_KEY"]}
    part = services.mock_stripe(port=port, folder=folder, web_port=stack.web_port, environ=environ)
    running = processes.launch(part, logs=stack.logs, watchdog=stack.watchdog)
    processes.wait_until_ready(running)
    return running, f"http://127.0.0.1:{port}"
