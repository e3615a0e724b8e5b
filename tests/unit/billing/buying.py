"""Somebody buys a workspace at the mock Stripe inside of this process."""

from __future__ import annotations

import secrets

from billing import checkout
from billing.checkout import Order
from public_apps.core.schema_context import in_public
from public_apps.onboarding.models import Signup
from tests.unit.stripe_inside import Document, StripeInside


def wish(**wishes: str) -> Order:
    """Return what somebody wants; every order wishes for another name."""
    label = f"sunny-{secrets.token_hex(4)}"
    wanted = {
        "organization": "Sunny Court", "subdomain": label, "email": f"eleni@{label}.example",
        "first_name": "Eleni", "last_name": "Papadaki", "plan": "professional", "interval": "month",
    }  # fmt: skip
    return Order(**{**wanted, **wishes})


def start(order: Order) -> Signup:
    """Let somebody come as far as the payment page."""
    with in_public():
        return checkout.start(order=order, language="en", idempotency_key=None)


def pay(stripe: StripeInside, signup: Signup, outcome: str = "paid") -> Document:
    """Let a payment page, or a payment that is under way, end like this; return the session."""
    return stripe.control(f"sessions/{signup.checkout_session_id}/complete", {"outcome": outcome})


def fresh(signup: Signup) -> Signup:
    """Return the sign-up as it is now."""
    with in_public():
        return Signup.objects.select_related("tenant").get(pk=signup.pk)
