"""Promotion codes: switched on, typed on the payment page, and seen wherever money is told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest
import requests
from django.conf import settings
from django.test import override_settings

from billing.models import Invoice
from config import env
from public_apps.onboarding.models import Signup, Stage
from tests.unit.billing.buying import fresh, start, wish
from tests.unit.stripe_inside import URL, Document, Owner, Refused, StripeInside


@pytest.fixture
def codes(stripe_inside: StripeInside) -> Iterator[StripeInside]:
    """A Stripe with the code SPRING, a fifth off for three months, and pages that take it."""
    coupon = stripe_inside.post(
        "coupons", percent_off="20", duration="repeating", duration_in_months=3
    )
    promotion = {"type": "coupon", "coupon": coupon["id"]}
    stripe_inside.post("promotion_codes", promotion=promotion, code="SPRING")
    taking = dataclasses.replace(settings.STRIPE, promotion_codes=True)
    with override_settings(STRIPE=taking):
        yield stripe_inside


def page(stripe: StripeInside, signup: Signup, **form: str) -> requests.Response:
    """Open a sign-up's payment page, or send its form."""
    method = "POST" if form else "GET"
    url = f"{URL}/pay/{signup.checkout_session_id}"
    return stripe.answer(requests.Request(method, url, data=form or None).prepare())


def session_of(stripe: StripeInside, signup: Signup) -> Document:
    return stripe.get(f"checkout/sessions/{signup.checkout_session_id}")


def test_a_code_that_is_typed_shows_in_overview_preview_and_invoices(codes: StripeInside) -> None:
    signup = start(wish(plan="professional"))
    assert "Promotion code" in page(codes, signup).text
    assert page(codes, signup, action="pay", promotion_code="spring").status_code == 303
    done = session_of(codes, signup)
    assert (done["amount_total"], done["total_details"]["amount_discount"]) == (3920, 980)
    codes.deliver()
    opened = fresh(signup)
    assert opened.stage is Stage.READY
    assert opened.tenant is not None
    owner = Owner(opened.tenant)
    coming = owner.get()["next_charge"]
    assert (coming["amount"], coming["discount"]) == (3920, 980)
    (invoice,) = owner.ask("/api/invoices/").json()["results"]
    assert (invoice["amount_paid"], invoice["discount"], invoice["total"]) == (3920, 980, 3920)
    assert owner.page().count("less a discount of €9.80") == 2  # what comes, and what was paid
    wished = {"plan": "enterprise", "interval": "month", "preview": True}
    preview = owner.post("change-plan", wished).json()
    assert preview["discount"] > 980
    assert preview["next_charge"]["discount"] == 2980  # a fifth of 149.00
    assert Invoice.objects.get(pk=invoice["id"]).discount == 980


def test_a_wrong_code_is_refused_and_the_page_stays_open(codes: StripeInside) -> None:
    signup = start(wish())
    answer = page(codes, signup, action="pay", promotion_code="WINTER")
    assert "This code is invalid." in answer.text
    assert session_of(codes, signup)["status"] == "open"
    assert page(codes, signup, action="pay").status_code == 303
    assert session_of(codes, signup)["amount_total"] == 4900


def test_without_the_setting_no_page_takes_a_code(stripe_inside: StripeInside) -> None:
    signup = start(wish())
    assert session_of(stripe_inside, signup)["allow_promotion_codes"] is None
    assert "Promotion code" not in page(stripe_inside, signup).text
    with pytest.raises(Refused, match="takes no promotion codes"):
        stripe_inside.control(
            f"sessions/{signup.checkout_session_id}/complete",
            {"outcome": "paid", "promotion_code": "SPRING"},
        )


def test_a_trial_keeps_the_code_for_its_first_payment(codes: StripeInside) -> None:
    signup = start(wish(plan="starter"))
    outcome = "trial" if session_of(codes, signup)["amount_total"] == 0 else "paid"
    codes.control(
        f"sessions/{signup.checkout_session_id}/complete",
        {"outcome": outcome, "promotion_code": "SPRING"},
    )
    codes.deliver()
    tenant = fresh(signup).tenant
    assert tenant is not None
    assert Owner(tenant).get()["next_charge"]["discount"] > 0


@pytest.mark.parametrize(("said", "on"), [("", False), ("True", True), ("false", False)])
def test_the_setting_is_off_unless_it_is_switched_on(said: str, on: bool) -> None:
    there = {"DJANGO_DEBUG": "True", "STRIPE_MOCK_MODE": "True", "STRIPE_PROMOTION_CODES": said}
    assert env.stripe(env.load(there), debug=True).promotion_codes is on


def test_a_misspelled_switch_is_refused() -> None:
    there: dict[str, Any] = {"STRIPE_MOCK_MODE": "True", "STRIPE_PROMOTION_CODES": "maybe"}
    with pytest.raises(env.UnsafeSetting, match="STRIPE_PROMOTION_CODES"):
        env.stripe(env.load(there), debug=True)
