"""Events of any API version go through: what they say is not copied, only whom they are about.

The files in `events/` are rendered as endpoints of that version get them: periods, plans, charges
and invoices stand in other places each time. `@…` stands for an id of the object at Stripe.
"""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

import pytest
import requests
import stripe

from billing.models import Payment, StripeEvent
from tests.billing.stripe_stack import Customer, StripeStack
from tests.core.web_stack import HttpClient

EVENTS = Path(__file__).parent / "events"
VERSIONS = ("2020-08-27", "2024-06-20", "2026-10-28.endive")
TYPES = (
    "checkout.session.completed",
    "customer.subscription.created",
    "customer.subscription.updated",
    "customer.subscription.deleted",
    "payment_intent.succeeded",
    "payment_intent.payment_failed",
)


def rendered(version: str, event_type: str, customer: Customer) -> str:
    """Return the event's body, about this customer's objects."""
    session = customer.session
    stand_ins = {
        "@event": secrets.token_hex(6),
        "@session": customer.session_id,
        "@signup": str(customer.signup.pk),
        "@subscription": customer.subscription_id,
        "@customer": customer.customer_id,
        "@invoice": str(session["invoice"]),
        "@payment_intent": payment_of(customer),
    }
    body = (EVENTS / version / f"{event_type}.json").read_text()
    for word, value in stand_ins.items():
        body = body.replace(word, value)
    return body


def payment_of(customer: Customer) -> str:
    """Return the id of the customer's payment at Stripe."""
    found = customer.stripe_stack.get("payment_intents", customer=customer.customer_id)
    return str(found["data"][0]["id"])


def deliver(http_client: HttpClient, body: str) -> requests.Response:
    """Post a body as Stripe would: signed, to the real URL."""
    secret = os.environ["STRIPE_WEBHOOK_SECRET"].partition(",")[0]
    signature = stripe.WebhookSignature.generate_signature_header(body, secret)
    return http_client.ask(
        "POST",
        "/api/billing/webhook/stripe/",
        data=body.encode(),
        headers={"Stripe-Signature": signature, "Content-Type": "application/json"},
    )


@pytest.fixture
def eleni(stripe_stack: StripeStack) -> Customer:
    """Somebody who has just paid; of that we hear by the event in question alone."""
    stripe_stack.hold_deliveries()
    eleni = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{eleni.session_id}/complete", {"outcome": "paid"})
    return eleni


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("event_type", TYPES)
def test_an_event_of_this_version_is_stored_handled_and_has_its_effect(
    stripe_stack: StripeStack,
    eleni: Customer,
    http_client: HttpClient,
    version: str,
    event_type: str,
) -> None:
    body = rendered(version, event_type, eleni)
    answer = deliver(http_client, body)
    assert answer.status_code == 200, answer.text
    stripe_stack.handle_all()
    event = StripeEvent.objects.get(pk=json.loads(body)["id"])
    assert (event.api_version, event.status, event.error) == (version, "processed", "")
    if event_type.startswith("checkout."):
        assert eleni.tenant.status == "active"
    if event_type.startswith(("checkout.", "customer.")):
        # The files say past_due or canceled; Stripe says active, and that is what counts.
        assert eleni.mirrored.status == "active"
        shown = eleni.at_stripe["items"]["data"][0]["current_period_end"]
        period_end = eleni.mirrored.current_period_end
        assert period_end is not None
        assert period_end.timestamp() == shown
    else:
        assert Payment.objects.get(pk=payment_of(eleni)).status == "succeeded"


def test_each_version_has_a_file_for_each_of_the_six_types() -> None:
    files = {f"{path.parent.name}/{path.stem}" for path in EVENTS.rglob("*.json")}
    assert files == {f"{version}/{event_type}" for version in VERSIONS for event_type in TYPES}
    for path in EVENTS.rglob("*.json"):
        event = json.loads(path.read_text())
        assert (event["api_version"], event["type"]) == (path.parent.name, path.stem)


def test_the_last_version_is_the_one_that_we_ask_for() -> None:
    assert stripe.api_version == VERSIONS[-1]
