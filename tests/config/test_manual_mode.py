"""Manual mode, the emergency rollback: nobody can buy or fake a purchase, and nothing is lost."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing.models import Lead, StripeEvent
from public_apps.onboarding.models import Signup
from tests.billing.posting import event, post, secret_of, session_event, signature
from tests.core.web_stack import HttpClient, WebStack, another_web

CHECKOUT = "/api/billing/checkout/"
WEBHOOK = "/api/billing/webhook/stripe/"
ORDER = {
    "organization": "Sunny Court",
    "subdomain": "sunny-manual",
    "email": "eleni@sunny-manual.example",
    "first_name": "Eleni",
    "last_name": "Papadaki",
    "plan": "professional",
    "interval": "month",
}


@pytest.fixture
def closed(web_stack: WebStack, tmp_path: Path) -> Iterator[HttpClient]:
    """A web server in mock mode without DJANGO_DEBUG."""
    manual = {"DJANGO_DEBUG": "False", "STRIPE_MOCK_MODE": "True"}
    with another_web(web_stack, tmp_path, **manual) as http_client:
        yield http_client


def test_in_manual_mode_nobody_buys_and_nothing_is_lost(
    web_stack: WebStack, closed: HttpClient
) -> None:
    assert closed.ask("GET", "/api/billing/config/").json()["mode"] == "manual"

    Lead.objects.filter(email=ORDER["email"]).delete()
    signups = Signup.objects.count()
    for key in ("first", "second", ""):
        answer = closed.ask("POST", CHECKOUT, json=ORDER, headers={"Idempotency-Key": key})
        assert answer.status_code == 503
        assert answer.headers["Content-Type"] == "application/problem+json"
    assert Signup.objects.count() == signups
    lead = Lead.objects.get(email=ORDER["email"])
    assert (lead.organization, lead.subdomain, lead.plan) == (
        "Sunny Court", "sunny-manual", "professional",
    )  # fmt: skip

    wrong = closed.ask("POST", CHECKOUT, json={**ORDER, "email": "nowhere"})
    assert wrong.status_code == 400, "a lead that nobody can answer is no lead"

    for held in (event(), session_event()):
        body = json.dumps(held).encode()
        answer = post(closed, body, signature(body, secret_of(web_stack)))
        assert answer.status_code == 503, "Stripe keeps the event and sends it again"
        assert not StripeEvent.objects.filter(pk=held["id"]).exists()
    assert post(closed, b"x" * 2_000_000, None).status_code == 503
    for method in ("GET", "HEAD"):
        assert closed.ask(method, WEBHOOK).status_code == 200
