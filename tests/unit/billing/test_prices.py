"""What the site shows is what checkout asks: prices that are changed, pushed twice, or archived."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.core.exceptions import ValidationError
from django.forms import modelform_factory
from django.test import Client, RequestFactory, override_settings

from billing import checkout, gateway, plans, sale
from billing.checkout import Order
from billing.models import Plan, Price
from public_apps.accounts.models import User
from public_apps.core import errors
from public_apps.core.schema_context import in_public
from public_apps.monitoring.models import Incident
from public_apps.tenants.models import Tenant
from staff.admin.plans import PlanAdmin
from staff.site import site
from tests.unit.stripe_inside import StripeInside, price_of

WISH = {
    "organization": "Sunny Court", "subdomain": "sunny-prices", "email": "eleni@unit.example",
    "first_name": "Eleni", "last_name": "Papadaki", "plan": "professional", "interval": "month",
}  # fmt: skip


@pytest.fixture(autouse=True)
def _in_public(tenant: Tenant) -> Any:
    with in_public():
        yield


def shown(plan: str = "professional") -> dict[str, int]:
    """Return what the site shows: amounts by interval."""
    [found] = [each for each in plans.offered() if each["code"] == plan]
    return {price["interval"]: price["unit_amount"] for price in found["prices"]}


def at_stripe(stripe_inside: StripeInside, **where: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stripe_inside.get("prices", limit=100, **where)["data"]
    return found


def test_a_changed_price_is_not_shown_before_checkout_asks_it(
    stripe_inside: StripeInside,
) -> None:
    """Case 11."""
    assert shown() == {"month": 4900, "year": 49_000}
    price = price_of("professional")
    price.unit_amount = 3900
    price.save()
    assert shown() == {"year": 49_000}
    with pytest.raises(sale.NotForSale):
        checkout.start(order=Order(**WISH), language="en", idempotency_key=None)
    plans.push()
    assert shown() == {"month": 3900, "year": 49_000}
    signup = checkout.start(order=Order(**WISH), language="en", idempotency_key=None)
    session = stripe_inside.get(f"checkout/sessions/{signup.checkout_session_id}")
    assert session["amount_total"] == 3900


@pytest.mark.parametrize("stripe_answers", [True, False])
def test_a_price_that_staff_change_is_pushed_at_once_or_they_are_told(
    stripe_inside: StripeInside,
    django_capture_on_commit_callbacks: Any,
    stripe_answers: bool,
) -> None:
    """Case 11, at the admin's form."""
    plan = Plan.objects.get(code="professional")
    price = price_of("professional")
    price.unit_amount = 3900
    request = RequestFactory().post("/admin/")
    request.user = User.objects.create_user("maria@unit.example", is_staff=True)
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    form = modelform_factory(Plan, fields=["name"])({"name": plan.name}, instance=plan)
    form.save(commit=False)
    if not stripe_answers:
        stripe_inside.control("faults", {"status": 500, "path": "/v1/prices"})
    with django_capture_on_commit_callbacks(execute=True):
        price.save()
        PlanAdmin(Plan, site).save_related(request, form, [], change=True)
    [told] = [str(message) for message in get_messages(request)]
    assert ("created professional_month_eur" in told) == stripe_answers
    assert ("not sold until" in told) != stripe_answers
    assert shown() == ({"month": 3900} if stripe_answers else {}) | {"year": 49_000}


def test_a_price_that_is_saved_as_it_was_stays_for_sale(stripe_inside: StripeInside) -> None:
    before = price_of("professional")
    before.save()
    assert price_of("professional").stripe_price_id == before.stripe_price_id != ""


def test_in_manual_mode_prices_are_shown_that_are_not_at_stripe(
    stripe_inside: StripeInside,
) -> None:
    Price.objects.update(stripe_price_id="")
    manual = dataclasses.replace(settings.STRIPE, mode="manual")
    with override_settings(STRIPE=manual):
        assert shown() == {"month": 4900, "year": 49_000}
    assert shown() == {}


@pytest.mark.parametrize("written", ["USD", " usd", "Usd"])
def test_a_currency_is_one_however_it_is_written(written: str) -> None:
    """Case 12."""
    price = price_of("professional")
    price.currency = written
    price.save()
    assert price.currency == "usd"
    assert Price.objects.get(pk=price.pk).currency == "usd"
    assert Price.objects.filter(currency=written, pk=price.pk).exists()
    assert price.lookup_key == "professional_month_usd"


@pytest.mark.parametrize("wrong", ["eu", "e1r", "€", ""])
def test_what_is_no_currency_is_refused_by_its_field(wrong: str) -> None:
    price = price_of("professional")
    price.currency = wrong
    with pytest.raises(ValidationError) as refused:
        price.full_clean()
    assert set(refused.value.message_dict) == {"currency"}


def test_two_pushes_make_one_price(
    stripe_inside: StripeInside, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Case 12: the second looks before the first has made it."""
    price = price_of("professional")
    Price.objects.filter(pk=price.pk).update(unit_amount=3900)
    before = len(at_stripe(stripe_inside))
    seen_before = gateway.price_by_lookup_key(price.lookup_key)
    look: Callable[[str], Any] = gateway.price_by_lookup_key

    def late(lookup_key: str) -> Any:
        return seen_before if lookup_key == price.lookup_key else look(lookup_key)

    plans.push()
    Price.objects.filter(pk=price.pk).update(stripe_price_id=price.stripe_price_id)
    with monkeypatch.context() as patched:
        patched.setattr(gateway, "price_by_lookup_key", late)
        plans.push()
    assert len(at_stripe(stripe_inside)) == before + 1
    assert plans.differences() == []


def test_an_amount_that_comes_back_is_a_price_that_can_be_bought(
    stripe_inside: StripeInside,
) -> None:
    price = price_of("professional")
    for amount in (3900, 4900, 3900):
        price.refresh_from_db()
        price.unit_amount = amount
        price.save()
        plans.push()
        [found] = at_stripe(stripe_inside, lookup_keys=[price.lookup_key], active=True)
        assert found["unit_amount"] == amount
        assert price_of("professional").stripe_price_id == found["id"]


def test_an_archived_price_is_told_to_staff_once_and_mended_by_a_push(
    stripe_inside: StripeInside,
) -> None:
    """Case 14."""
    price = price_of("professional")
    stripe_inside.post(f"prices/{price.stripe_price_id}", active=False)
    for number in range(2):
        wish = Order(**{**WISH, "subdomain": f"sunny-archived-{number}"})
        with pytest.raises(errors.UpstreamFailed, match="our staff have to bring its price"):
            checkout.start(order=wish, language="en", idempotency_key=None)
    [incident] = Incident.objects.filter(kind="price_not_sold")
    assert (incident.subject, incident.closed_at) == ("professional_month_eur", None)
    plans.push()
    incident.refresh_from_db()
    assert incident.closed_at is not None
    assert checkout.start(order=Order(**WISH), language="en", idempotency_key=None).checkout_url


@pytest.mark.parametrize(
    ("language", "said"),
    [("en", "our staff have to bring its price"), ("el", "δηλώσουν ξανά την τιμή του")],
)
def test_who_wants_an_archived_price_reads_that_it_is_for_our_staff_to_mend(
    stripe_inside: StripeInside, language: str, said: str
) -> None:
    """Case 14, at both doors: the API's and the site's own form."""
    stripe_inside.post(f"prices/{price_of('professional').stripe_price_id}", active=False)
    anybody = Client(headers={"host": "localhost", "accept-language": language})
    wish = {**WISH, "subdomain": f"sunny-door-{language}"}
    refused = anybody.post("/api/billing/checkout/", wish, "application/json")
    assert (refused.status_code, refused["Content-Type"]) == (502, "application/problem+json")
    assert said in refused.json()["detail"]
    assert said in anybody.post("/", wish).content.decode()
    assert Incident.objects.filter(kind="price_not_sold").count() == 1


def test_an_outage_is_not_taken_for_an_archived_price(stripe_inside: StripeInside) -> None:
    stripe_inside.control("faults", {"status": 500, "path": "/v1/checkout"})
    with pytest.raises(errors.UpstreamFailed, match="could not reach"):
        checkout.start(order=Order(**WISH), language="en", idempotency_key=None)
    assert not Incident.objects.filter(kind="price_not_sold").exists()
