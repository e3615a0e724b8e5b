"""A mock Stripe within the test's own process: real calls of the real library, and no socket.

What the library sends is answered by the mock's WSGI application where `requests` would open a
connection; all on both sides of that is as it runs elsewhere. Its clock stands where the test puts it.
"""

from __future__ import annotations

import dataclasses
import io
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import stripe
from django.conf import settings
from django.core import mail as django_mail
from django.test import Client, override_settings
from django.test.client import ClientHandler
from django.utils import translation
from requests.adapters import HTTPAdapter
from werkzeug.test import EnvironBuilder, run_wsgi_app

from billing import inbox, plans, stripe_account, stripe_sync
from billing.handlers import HANDLERS
from billing.models import Price, StripeEvent, Subscription
from billing.tasks import handle_event
from mock_stripe.api import Api
from mock_stripe.app import App
from mock_stripe.control import Control
from mock_stripe.delivery import Courier
from mock_stripe.lifecycle import Lifecycle
from mock_stripe.pages import Pages
from mock_stripe.store import Store
from public_apps.accounts.models import Role, User
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import in_public, inside
from public_apps.tenants import routing
from public_apps.tenants.models import Tenant

URL = "http://localhost:12111"
DAY = 86_400
PASSWORD = "a-quiet-courtyard-42"
Document = dict[str, Any]
# Pages name their style sheets as they lie in the source: nobody has collected them here.
_STORAGES = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


# Making the chain of middlewares takes longer than most tests: one does for all.
_HANDLER = ClientHandler(enforce_csrf_checks=False)


def _client(**headers: str) -> Client:
    client = Client(headers=headers)
    client.handler = _HANDLER
    return client


class Refused(Exception):
    """Stripe said no: `error` is what it said."""

    def __init__(self, status: int, error: Document) -> None:
        super().__init__(f"{status}: {error.get('message')}")
        self.status = status
        self.error = error


class StripeInside:
    """Stripe, a function call away."""

    def __init__(self, folder: Path) -> None:
        self.store = Store(folder)
        self.store.public_url = URL
        self.lifecycle = Lifecycle(self.store)
        api = Api(store=self.store, public_url=URL, secret_key=None)
        self.faults = api.faults
        self.app = App(
            api=api,
            control=Control(store=self.store, lifecycle=self.lifecycle, faults=api.faults),
            pages=Pages(
                store=self.store,
                courier=Courier(self.store, retry_scale=1.0),
                lifecycle=self.lifecycle,
            ),
            public_url=URL,
        )
        self._told = 0
        self._post = _client().post

    # --- Its own side -------------------------------------------------------------------------------

    def answer(self, request: requests.PreparedRequest) -> requests.Response:
        """Answer what would have gone out by a socket."""
        body = request.body or b""
        builder = EnvironBuilder(
            method=request.method or "GET",
            path=request.path_url,
            base_url=URL,
            headers=list(request.headers.items()),
            data=body if isinstance(body, bytes) else body.encode(),
        )
        chunks, status, headers = run_wsgi_app(self.app, builder.get_environ())
        answer = requests.Response()
        answer.status_code = int(status.split()[0])
        answer.headers.update(dict(headers))
        answer.raw = io.BytesIO(b"".join(chunks))
        answer.request, answer.url = request, str(request.url)
        return answer

    def control(self, path: str, body: Document) -> Document:
        """Turn one of the controls."""
        sent = requests.Request("POST", f"{URL}/_control/{path}", json=body).prepare()
        return self._read(self.answer(sent))

    def page(self, url: str, **form: str) -> requests.Response:
        """Open a page that a payer sees, or send its form."""
        method = "POST" if form else "GET"
        answer = self.answer(requests.Request(method, url, data=form or None).prepare())
        assert answer.status_code in {200, 303}, answer.text
        return answer

    def get(self, path: str, **params: Any) -> Document:
        """Read from the API."""
        return self._call("GET", path, params)

    def post(self, path: str, **params: Any) -> Document:
        """Change something by the API, as its Dashboard would; raises `Refused`."""
        return self._call("POST", path, params)

    def delete(self, path: str) -> Document:
        """Delete something by the API."""
        return self._call("DELETE", path, {})

    def _call(self, method: str, path: str, params: Document) -> Document:
        flat = list(_flat(params))
        sent = requests.Request(
            method, f"{URL}/v1/{path}", params=flat if method == "GET" else None,
            data=None if method == "GET" else flat, auth=("sk_test_of_the_dashboard", ""),
        ).prepare()  # fmt: skip
        return self._read(self.answer(sent))

    @staticmethod
    def _read(answer: requests.Response) -> Document:
        found: Document = answer.json()
        if not answer.ok:
            raise Refused(answer.status_code, found["error"])
        return found

    @property
    def now(self) -> int:
        """The second that it is at Stripe."""
        with self.store.change() as change:
            return change.now

    def set_clock(self, days: float) -> None:
        """Put Stripe's clock so many days before (below nothing) or after ours."""
        with self.store.change() as change:
            change.put({"object": "_setting", "id": "clock", "ahead": round(days * DAY)})
        self.lifecycle.put_clock_forward(0)
        self.lifecycle.catch_up()

    def advance(self, clock_id: str, to: int) -> Document:
        """Advance one of Stripe's test clocks, wait until it is there, and return it."""
        path = f"test_helpers/test_clocks/{clock_id}"
        self.post(f"{path}/advance", frozen_time=to)
        self.lifecycle.catch_up()
        return self.get(path)

    def happen(self, subscription_id: str, what: str) -> Document:
        """Let something happen to a subscription, by its button's name."""
        return self.control(f"subscriptions/{subscription_id}/simulate", {"what": what})

    # --- Selling ------------------------------------------------------------------------------------

    def price(self, amount: int, interval: str = "month", **more: Any) -> Document:
        """Make a price of a product of its own, such as one for an add-on."""
        count = more.pop("interval_count", 1)
        if "product" not in more:
            more["product"] = self.post("products", name=more.pop("name", "Extra storage"))["id"]
        recurring = {"interval": interval, "interval_count": count}
        return self.post(
            "prices", **{"unit_amount": amount, "currency": "eur", **more}, recurring=recurring
        )

    def customer(
        self, email: str = "eleni@unit.example", card: str = "pm_card_visa", **more: Any
    ) -> Document:
        """Make a customer with a card; without one if that is empty."""
        made = self.post("customers", email=email, **more)
        if card:
            attached = self.post(f"payment_methods/{card}/attach", customer=made["id"])
            kept = {"default_payment_method": attached["id"]}
            made = self.post(f"customers/{made['id']}", invoice_settings=kept)
        return made

    def subscribe(self, *prices: str, customer: str, **more: Any) -> Document:
        """Make a subscription to these prices."""
        items = [{"price": price} for price in prices]
        return self.post("subscriptions", customer=customer, items=items, **more)

    # --- Our side -----------------------------------------------------------------------------------

    def events(self) -> list[Document]:
        """Return what has happened and was not told yet, oldest first."""
        with self.store.change() as change:
            found = [change.fetch("event", each) for each in change.walk("event", {})][::-1]
        fresh, self._told = found[self._told :], len(found)
        return fresh

    def deliver(self) -> list[str]:
        """Post what has happened to our webhook, have it handled, and return its types.

        As Stripe does, this tells us of what our endpoint asks for.
        """
        fresh = [event for event in self.events() if event["type"] in HANDLERS]
        for event in fresh:
            self.post_event(event)
        # A worker has no reader, so it speaks as its settings do.
        with in_public(), translation.override(settings.LANGUAGE_CODE):
            while due := list(inbox.due().order_by("received_at", "pk")):
                for each in due:
                    handle_event(event_id=each.pk)
        return [event["type"] for event in fresh]

    def post_event(self, event: Document) -> None:
        """Post one event to our webhook, signed."""
        body = json.dumps(event)
        header = stripe.WebhookSignature.generate_signature_header(
            body, settings.STRIPE.webhook_secrets[0], timestamp=int(time.time())
        )
        answer = self._post(
            "/api/billing/webhook/stripe/",
            data=body,
            content_type="application/json",
            headers={"stripe-signature": header, "host": settings.TENANT_BASE_DOMAIN},
        )
        assert answer.status_code == 200, answer.content
        row = StripeEvent.objects.get(pk=event["id"])
        assert row.type == event["type"]


@dataclasses.dataclass
class Subscriber:
    """A workspace whose owner pays for it at Stripe."""

    stripe: StripeInside
    tenant: Tenant
    customer_id: str
    subscription_id: str

    @property
    def mirrored(self) -> Subscription:
        """The subscription as we have it."""
        with in_public():
            return Subscription.objects.select_related("plan").get(pk=self.subscription_id)

    @property
    def at_stripe(self) -> Document:
        """The subscription as Stripe has it."""
        return self.stripe.get(f"subscriptions/{self.subscription_id}")


class Owner:
    """An owner of the workspace at its two doors: the API with a key, the pages with a session."""

    def __init__(self, tenant: Tenant, *, language: str = "en") -> None:
        with inside(tenant.schema_name):
            self.user = User.objects.create_user(
                f"owner-{language}@unit.example", PASSWORD, role=Role.OWNER, language=language
            )
        with in_public():
            host = tenant.primary_domain
        said = {"host": host, "accept_language": language}
        self._pages = _client(**said)
        with inside(tenant.schema_name):
            self._pages.force_login(self.user)
            token = self._pages.session.session_key
        self._api = _client(**said, authorization=f"Bearer {token}")

    def get(self, path: str = "") -> Document:
        """Read the subscription, or what is below it."""
        answer = self._api.get(f"/api/subscription/{path}")
        assert answer.status_code == 200, answer.content
        found: Document = answer.json()
        return found

    def ask(self, path: str) -> Any:
        """Ask the API for anything, without an opinion on the answer."""
        return self._api.get(path)

    def post(self, verb: str, body: Document | None = None) -> Any:
        """Press one of the buttons."""
        return self._api.post(f"/api/subscription/{verb}/", body or {}, "application/json")

    def page(self, path: str = "/billing/") -> str:
        """Read a page."""
        text: str = self.answer(path).content.decode()
        return text

    def answer(self, path: str) -> Any:
        """Ask for a page, without an opinion on the answer."""
        return self._pages.get(path)

    def send(self, path: str, **form: str) -> str:
        """Send a form, and read the page that follows."""
        answer = self._pages.post(path, form, follow=True)
        page: str = answer.content.decode()
        return page


def price_of(plan: str, interval: str = "month") -> Price:
    """Return our price of a plan."""
    with in_public():
        return Price.objects.get(plan__code=plan, interval=interval, currency="eur")


def subscriber(
    stripe_inside: StripeInside,
    tenant: Tenant,
    *prices: str,
    card: str = "pm_card_visa",
    **more: Any,
) -> Subscriber:
    """Let a workspace's owner subscribe (to Professional, unless prices are named)."""
    customer = stripe_inside.customer(card=card)
    with in_public():
        stripe_sync.link_customer(customer_id=customer["id"], tenant=tenant)
    wanted = prices or (price_of("professional").stripe_price_id,)
    made = stripe_inside.subscribe(*wanted, customer=customer["id"], **more)
    stripe_inside.deliver()
    return Subscriber(stripe_inside, tenant, customer["id"], made["id"])


def _flat(params: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(params, dict):
        for key, value in params.items():
            yield from _flat(value, f"{name}[{key}]" if name else key)
    elif isinstance(params, list | tuple):
        for place, value in enumerate(params):
            yield from _flat(value, f"{name}[{place}]")
    else:
        yield name, str(params).lower() if isinstance(params, bool) else str(params)


@pytest.fixture
def bare_stripe(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[StripeInside]:
    """A mock Stripe in this process, with nothing in it."""
    inside = StripeInside(tmp_path / "stripe")

    def send(_adapter: HTTPAdapter, request: requests.PreparedRequest, **_how: Any) -> Any:
        return inside.answer(request)

    monkeypatch.setattr(HTTPAdapter, "send", send)
    stripe_account._asked_once.cache_clear()  # each test's Stripe is another account
    monkeypatch.setattr(routing, "FRESH_SECONDS", 0.0)  # a test does not wait for news
    routing._seen.clear()  # nor is led where the test before was
    there = dataclasses.replace(
        settings.STRIPE, api_base=URL, secret_key="sk_test_unit", webhook_secrets=("whsec_unit",)
    )
    with (
        override_settings(STRIPE=there, STATIC_ROOT=str(tmp_path), STORAGES=_STORAGES),
        translation.override(settings.LANGUAGE_CODE),
    ):
        yield inside
    inside.store.close()


@pytest.fixture
def stripe_inside(bare_stripe: StripeInside, db: None) -> StripeInside:
    """A mock Stripe in this process that has our prices."""
    with in_public():
        plans.push()
    bare_stripe.events()
    return bare_stripe


def sent(kind: str) -> list[str]:
    """Send the mails of a kind that are promised and not sent yet, and return their texts."""
    before = len(outbox())
    with in_public():
        for promised in OutgoingMail.objects.filter(kind=kind, sent_at=None, unwanted_at=None):
            mail.send(mail_id=promised.pk)
            promised.refresh_from_db()
            assert not promised.error, promised.error
    return [str(message.body) for message in outbox()[before:]]


def outbox() -> list[Any]:
    """Return what has been sent."""
    return list(getattr(django_mail, "outbox", []))
