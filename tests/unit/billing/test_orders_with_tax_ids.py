"""A tax number on its way from the order to the workspace that is opened, and out of our books."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import secrets

import pytest

from billing import checkout, manual_mode, signup_changes
from billing.checkout import Order
from billing.models import ManualPayment
from public_apps.core import errors
from public_apps.onboarding.models import Signup
from tests.unit import stripe_purchases
from tests.unit.billing.documents import unit_court
from tests.unit.stripe_purchases import Stripe

stripe = stripe_purchases.stripe


def order(**wishes: str) -> Order:
    """Return what somebody wants; every order wishes for another name."""
    label = f"sunny-{secrets.token_hex(4)}"
    wanted = {
        "organization": "Sunny Court", "subdomain": label, "email": f"eleni@{label}.example",
        "first_name": "Eleni", "last_name": "Papadaki", "plan": "professional", "interval": "month",
    }  # fmt: skip
    return Order(**{**wanted, **wishes})


def start(wish: Order) -> Signup:
    """Let somebody come as far as the payment page."""
    return checkout.start(order=wish, language="en", idempotency_key=None)


def test_who_adds_a_number_to_the_order_of_before_is_the_same_buyer(stripe: Stripe) -> None:
    wish = order()
    before = start(wish)
    after = start(dataclasses.replace(wish, tax_id="EL094014201"))
    assert after.pk != before.pk
    assert stripe.get(f"checkout/sessions/{before.checkout_session_id}")["status"] == "expired"
    assert stripe.get(f"checkout/sessions/{after.checkout_session_id}")["customer"]


def test_a_change_of_the_number_opens_another_page_and_giving_up_forgets_it(stripe: Stripe) -> None:
    signup = start(order(tax_id="EL094014201"))
    first = signup.checkout_session_id
    changes = {"tax_id": "EL123456783"}
    changed = signup_changes.change(signup_id=signup.pk, changes=changes, language="en")
    assert changed.checkout_session_id != first
    assert signup_changes.order_of(changed).tax_id == "EL123456783"
    signup_changes.give_up(signup_id=signup.pk)
    signup.refresh_from_db()
    assert (signup.tax_id, signup.email) == ("", "")


def test_an_order_without_a_number_is_recognised_as_before_there_was_the_field() -> None:
    wish = Order(
        organization="Sunny", subdomain="sunny", email="e@s.example", first_name="E",
        last_name="P", plan="starter", interval="month",
    )  # fmt: skip
    said = {name: value for name, value in wish.typed.items() if name != "tax_id"}
    digest = hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()
    assert wish.fingerprint == digest  # what a process of the release before makes of it
    assert wish.fingerprint != dataclasses.replace(wish, tax_id="EL094014201").fingerprint


def test_staff_who_open_a_workspace_give_the_number_in_any_form_or_hear_what_is_wrong(
    db: None,
) -> None:
    wish = order()
    opening = manual_mode.Opening(
        organization=wish.organization, subdomain=wish.subdomain, email=wish.email,
        first_name="Eleni", last_name="Papadaki", tax_id="094014202",
    )  # fmt: skip
    with pytest.raises(errors.Invalid) as refusal:
        manual_mode.open_tenant(opening=opening, by="anna")
    assert "tax_id" in refusal.value.errors
    assert not Signup.objects.filter(subdomain=wish.subdomain).exists()


def test_a_payment_by_hand_is_made_out_to_the_number_of_the_sign_up(db: None) -> None:
    tenant = unit_court()
    Signup.objects.create(
        tenant=tenant, subdomain="unit-court-x", requested_subdomain="unit-court-x",
        email="eleni@unit.example", organization="Unit Court", tax_id="EL094014201",
        paid_at=tenant.created_at, workspace_at=tenant.created_at,
    )  # fmt: skip
    manual_mode.record_payment(
        tenant=tenant, amount=100, currency="eur", reference="BANK-77",
        paid_until=tenant.created_at, by="anna",
    )  # fmt: skip
    made = ManualPayment.objects.get(reference="BANK-77")
    assert (made.buyer_tax_id, made.buyer_country) == ("EL094014201", "GR")
