"""From Stripe's pages back to the site that somebody came from, and to no other."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from billing.models import Lead
from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.onboarding.models import Signup
from tests.billing.stripe_stack import Customer, StripeStack
from tests.core.web_stack import FRONTEND, PASSWORD, HttpClient, another_web

PREVIEW = "https://branch-7.vercel.app"
STRANGE = [
    "https://evil.example", "https://a.b.vercel.app", "https://vercel.app", "https://.vercel.app",
    "http://branch-7.vercel.app", "https://branch-7.vercel.app:8443", "https://x.vercel.app.evil.com",
    "https://evil.example#.vercel.app", "https://evil.example/.vercel.app", "//x.vercel.app",
    "https://x.vercel.app@evil.example", "https://evil.example@x.vercel.app", "javascript:alert(1)",
    "https://x.vercel.app/path", "https://x.vercel.app?q", "https://x.vercel.app//",
    "https:x.vercel.app",
    "https://x.vercel.app\t.evil.example", "https://x.vercel.app\\@evil.example", "null", "*",
    f"{FRONTEND}:443", f"{FRONTEND}.evil.example", "https://\u0445.vercel.app", "x.vercel.app",
]  # fmt: skip
CHECKOUT = "/api/billing/checkout/"


@pytest.fixture
def web(stripe_stack: StripeStack, tmp_path: Path) -> Iterator[HttpClient]:
    """A web server for a frontend and its previews, whose Stripe is the workbench's."""
    frontend = {"FRONTEND_URL": FRONTEND, "CHECKOUT_RATE": "6000/min"}
    with another_web(
        stripe_stack.web_stack, tmp_path, STRIPE_API_BASE=stripe_stack.mock, **frontend
    ) as http_client:
        yield http_client


@pytest.fixture
def linked_web(stripe_stack: StripeStack, tmp_path: Path) -> Iterator[HttpClient]:
    """The same with all links leading to the frontend."""
    frontend = {"FRONTEND_URL": FRONTEND, "FRONTEND_LINKS": "True"}
    with another_web(
        stripe_stack.web_stack, tmp_path, STRIPE_API_BASE=stripe_stack.mock, **frontend
    ) as http_client:
        yield http_client


def ordered(
    stripe_stack: StripeStack, http_client: HttpClient, *, origin: str = "", **more: Any
) -> requests.Response:
    """Order something, from a page of the site `origin` if named."""
    body = {**stripe_stack.order().typed, **more}
    headers = {"Origin": origin} if origin else {}
    return http_client.ask("POST", CHECKOUT, json=body, headers=headers)


def ways(stripe_stack: StripeStack, session_id: str) -> tuple[str, str]:
    """Return where a payment page leads after payment, and when somebody turns back."""
    session = stripe_stack.get(f"checkout/sessions/{session_id}")
    return str(session["success_url"]), str(session["cancel_url"])


def leads_to(stripe_stack: StripeStack, answer: requests.Response, site: str) -> bool:
    """Whether a checkout leads back to a site, either way."""
    assert answer.status_code == 201, answer.text
    told = answer.json()
    return ways(stripe_stack, told["session_id"]) == (
        f"{site}/welcome/{told['session_id']}/", f"{site}/?signup={told['signup_id']}",
    )  # fmt: skip


def test_a_checkout_leads_back_to_the_site_that_asked_for_it(
    stripe_stack: StripeStack, web: HttpClient
) -> None:
    assert leads_to(stripe_stack, ordered(stripe_stack, web), FRONTEND)
    assert leads_to(stripe_stack, ordered(stripe_stack, web, frontend_url=""), FRONTEND)
    assert leads_to(stripe_stack, ordered(stripe_stack, web, frontend_url=FRONTEND), FRONTEND)
    assert leads_to(stripe_stack, ordered(stripe_stack, web, frontend_url=PREVIEW), PREVIEW)
    assert leads_to(
        stripe_stack, ordered(stripe_stack, web, frontend_url=f"{PREVIEW.upper()}/"), PREVIEW
    )
    assert leads_to(stripe_stack, ordered(stripe_stack, web, origin=PREVIEW), PREVIEW)
    other = "https://other.vercel.app"
    assert leads_to(
        stripe_stack, ordered(stripe_stack, web, origin=other, frontend_url=PREVIEW), PREVIEW
    )


def test_nobody_is_led_to_a_site_that_is_not_ours(
    stripe_stack: StripeStack, web: HttpClient
) -> None:
    before = Signup.objects.count()
    for strange in STRANGE:
        refused = ordered(stripe_stack, web, frontend_url=strange)
        assert refused.status_code == 400, strange
        assert list(refused.json()["errors"]) == ["frontend_url"]
    assert Signup.objects.count() == before
    for strange in STRANGE:
        if strange.isascii() and strange.isprintable():
            assert leads_to(stripe_stack, ordered(stripe_stack, web, origin=strange), FRONTEND), (
                strange
            )


def test_a_change_keeps_the_site_unless_it_comes_from_another(
    stripe_stack: StripeStack, web: HttpClient
) -> None:
    told = ordered(stripe_stack, web, frontend_url=PREVIEW).json()
    path = f"/api/billing/signups/{told['signup_id']}/"
    for change, site in (
        ({"interval": "year"}, PREVIEW),
        ({"plan": "starter", "frontend_url": "https://other.vercel.app"}, "https://other.vercel.app"),
        ({"frontend_url": FRONTEND}, FRONTEND),
    ):  # fmt: skip
        changed = web.ask("PATCH", path, json=change)
        assert changed.status_code == 200, changed.text
        assert (
            ways(stripe_stack, changed.json()["session_id"])[1]
            == f"{site}/?signup={told['signup_id']}"
        )


def test_the_same_key_from_another_site_is_another_order(
    stripe_stack: StripeStack, web: HttpClient
) -> None:
    body = stripe_stack.order().typed
    key = {"Idempotency-Key": f"key-{body['subdomain']}"}
    sent = [
        web.ask("POST", CHECKOUT, json={**body, **more}, headers=key).status_code
        for more in ({}, {"frontend_url": ""}, {"frontend_url": PREVIEW})
    ]
    assert sent == [201, 201, 422]


def test_a_lead_is_kept_without_the_site(stripe_stack: StripeStack, tmp_path: Path) -> None:
    closed = {"FRONTEND_URL": FRONTEND, "DJANGO_DEBUG": "False", "STRIPE_MOCK_MODE": "True"}
    with another_web(stripe_stack.web_stack, tmp_path, **closed) as http_client:
        body = {**stripe_stack.order().typed, "frontend_url": PREVIEW}
        answer = http_client.ask(
            "POST", CHECKOUT, json=body, headers={"X-Forwarded-Proto": "https"}
        )
        path = f"/api/billing/signups/{Signup.objects.latest('created_at').pk}/"
        for method in ("PATCH", "DELETE"):
            shut = http_client.ask(method, path, json={}, headers={"X-Forwarded-Proto": "https"})
            assert shut.status_code == 503, shut.text
    assert answer.status_code == 503, answer.text
    assert Lead.objects.filter(subdomain=body["subdomain"]).count() == 1


# --- A workspace's owner --------------------------------------------------------------------------


def token_of(http_client: HttpClient, customer: Customer) -> str:
    """Let a customer set a password, and return the token of a sign-in."""
    with inside(customer.tenant.schema_name):
        owner = User.objects.get(email=customer.order.email)
        owner.set_password(PASSWORD)
        owner.save()
    body = {"email": customer.order.email, "password": PASSWORD}
    path = "/_allauth/app/v1/auth/login"
    answer = http_client.ask("POST", path, host=customer.host, json=body)
    return str(answer.json()["meta"]["session_token"])


class Owner:
    """A customer, signed in at a web server."""

    def __init__(self, http_client: HttpClient, customer: Customer) -> None:
        self.http_client, self.customer = http_client, customer
        self.token = token_of(http_client, customer)

    def ask(self, what: str, body: Any = None, *, origin: str = "") -> requests.Response:
        """Press one of the buttons that lead to Stripe."""
        headers = {"Authorization": f"Bearer {self.token}"} | ({"Origin": origin} if origin else {})
        path = f"/api/subscription/{what}/"
        return self.http_client.ask(
            "POST", path, host=self.customer.host, json=body, headers=headers
        )

    def portal_leads_to(self, body: Any = None, *, origin: str = "") -> str:
        """Return where Stripe's portal leads back to."""
        answer = self.ask("portal", body, origin=origin)
        assert answer.status_code == 200, answer.text
        page = requests.get(answer.json()["url"].replace("localhost", "127.0.0.1"), timeout=10)
        return page.text


def test_the_portal_leads_back_to_the_workspace_unless_a_frontend_asks(
    stripe_stack: StripeStack, web: HttpClient
) -> None:
    owner = Owner(web, stripe_stack.buy())
    host = owner.customer.host
    own = f"http://{host}"
    for body, origin in ((None, ""), ({}, ""), (None, PREVIEW)):
        page = owner.portal_leads_to(body, origin=origin)
        assert own in page
        assert "/billing/" in page
    page = owner.portal_leads_to({"frontend_url": PREVIEW})
    assert f"{PREVIEW}/w/{host}/subscription" in page
    refused = owner.ask("portal", {"frontend_url": "https://evil.example"})
    assert refused.status_code == 400
    assert list(refused.json()["errors"]) == ["frontend_url"]


def test_with_links_to_the_frontend_portal_and_new_beginning_lead_there(
    stripe_stack: StripeStack, linked_web: HttpClient
) -> None:
    owner = Owner(linked_web, stripe_stack.buy())
    host = owner.customer.host
    assert f"{FRONTEND}/w/{host}/subscription" in owner.portal_leads_to()
    assert f"{PREVIEW}/w/{host}/subscription" in owner.portal_leads_to(origin=PREVIEW)
    owner.customer.move("canceled")
    stripe_stack.handle_all()
    for origin, site in (("", FRONTEND), (PREVIEW, PREVIEW), ("https://evil.example", FRONTEND)):
        begun = owner.ask("begin-again", {"plan": "starter", "interval": "month"}, origin=origin)
        assert begun.status_code == 200, begun.text
        session_id = begun.json()["url"].rpartition("/")[2]
        back = f"{site}/w/{host}/subscription"
        assert ways(stripe_stack, session_id) == (back, back)
