"""Stripe unreachable, slow, busy or refusing: each has a decided answer, and nobody waits long."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.db.models import QuerySet
from django.utils import timezone
from pytest_django import Settings

from billing import checkout, gateway, inbox, key_watch, stripe_account
from billing.models import StripeEvent, Subscription
from billing.tasks import handle_event, settle_signup
from public_apps.core import errors
from public_apps.core.models import SweepTurn
from public_apps.monitoring.models import Incident
from public_apps.onboarding.models import Signup
from tests.billing.stripe_stack import StripeStack
from tests.customer import Order, Shop

LONGEST_WAIT = 10.0
# What befalls Stripe, as the mock's controls have it.
OUTAGES: dict[str, dict[str, Any]] = {
    "an error of its own": {"status": 500},
    "gone for maintenance": {"status": 503},
    "asking us to slow down": {"status": 429},
    "busy with the same object": {"status": 409},
    "hanging up": {"drop_connection": True},
}
REFUSALS: dict[str, dict[str, Any]] = {
    "a card that is declined": {"status": 402},
    "a key that it does not take": {"status": 401},
    "a request that it does not understand": {"status": 400},
}

# These say nothing of what was asked: it waits, and loses no attempts.
ABOUT_THE_KEY = {"asking us to slow down", "a key that it does not take"}


@pytest.fixture
def troubled(shop: Shop) -> Iterator[Shop]:
    """The running system; whatever ails its Stripe is over after the test."""
    yield shop
    requests.delete(f"{shop.mock}/_control/faults", timeout=10).raise_for_status()


def is_free(shop: Shop, label: str) -> bool:
    """Whether the next buyer can have this name."""
    answer = requests.get(f"{shop.url}/api/billing/subdomains/{label}/", timeout=10).json()
    return bool(answer["available"])


@pytest.mark.parametrize("fault", [*OUTAGES, *REFUSALS])
def test_a_checkout_that_stripe_does_not_open_is_a_502_and_the_name_is_free_again(
    troubled: Shop, fault: str
) -> None:
    order = Order()
    ails = {**OUTAGES, **REFUSALS}[fault]
    troubled.control(
        "faults", {**ails, "path": "/v1/checkout", "method": "POST"}
    ).raise_for_status()
    answer = troubled.order(order)
    assert answer.status_code == 502
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert "sk_" not in answer.text
    assert is_free(troubled, order.subdomain)


@pytest.mark.parametrize("slow", [{"delay_ms": 12_000}, {"drip_ms": 500}], ids=["late", "drips"])
def test_a_slow_stripe_is_given_up_within_ten_seconds(troubled: Shop, slow: dict[str, Any]) -> None:
    order = Order()
    troubled.control(
        "faults", {**slow, "path": "/v1/checkout", "method": "POST", "count": 1}
    ).raise_for_status()
    began = time.monotonic()
    answer = troubled.order(order)
    assert time.monotonic() - began < LONGEST_WAIT
    assert answer.status_code == 502
    assert is_free(troubled, order.subdomain)


def test_a_session_whose_answer_was_lost_charges_nobody_twice(troubled: Shop) -> None:
    order = Order()
    lost = {
        "drop_connection": True,
        "after": True,
        "path": "/v1/checkout",
        "method": "POST",
        "count": 1,
    }
    troubled.control("faults", lost).raise_for_status()
    assert troubled.order(order).status_code == 502
    # The buyer presses again: a session of their own, and the lost one was never shown to anybody.
    session_id = troubled.check_out(order)
    troubled.pay(session_id)
    assert troubled.wait_for(session_id)["status"] == "ready"


def test_a_refused_checkout_may_be_tried_again_under_the_same_idempotency_key(
    stripe_stack: StripeStack,
) -> None:
    order = stripe_stack.order()
    with (
        stripe_stack.fault(status=400, path="/v1/checkout", method="POST", count=1),
        pytest.raises(errors.UpstreamFailed),
    ):
        checkout.start(order=order, language="en", idempotency_key="pressed-once")
    first = Signup.objects.get(subdomain=order.subdomain)
    assert first.released_at is not None
    again = checkout.start(order=order, language="en", idempotency_key="pressed-once")
    assert again.pk != first.pk
    assert again.checkout_session_id


def test_an_idempotency_conflict_at_stripe_opens_no_second_session(
    stripe_stack: StripeStack,
) -> None:
    order = stripe_stack.order()
    signup = checkout.start(order=order, language="en", idempotency_key=None)
    other = {"mode": "subscription", "success_url": "http://localhost/", "line_items": []}
    with pytest.raises(gateway.StripeRefused, match="idempoten"):
        gateway.create_checkout_session(params=other, idempotency_key=f"signup-{signup.pk}")


# --- In handlers ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", [*OUTAGES, *REFUSALS])
def test_an_event_outlasts_whatever_befalls_stripe(stripe_stack: StripeStack, fault: str) -> None:
    eleni = stripe_stack.buy()
    eleni.move("unpaid")
    stripe_stack.arrived()
    with stripe_stack.fault(**{**OUTAGES, **REFUSALS}[fault]):
        stripe_stack.handle_all()
        waiting = StripeEvent.objects.filter(status="received")
        assert waiting.exists()
        at_least = 0 if fault in ABOUT_THE_KEY else 1
        assert all(event.error and event.attempts >= at_least for event in waiting)
        mirrored = Subscription.objects.get(tenant=eleni.tenant)
        assert (mirrored.status, mirrored.gone_at) == ("active", None)
        assert eleni.tenant.status == "active"
    stripe_stack.try_again()
    assert not StripeEvent.objects.filter(status__in=["received", "failed"]).exists()
    assert eleni.tenant.status == "suspended"


@pytest.mark.parametrize("fault", sorted(ABOUT_THE_KEY))
def test_a_key_that_does_not_work_uses_up_no_attempts_and_all_goes_on_by_itself(
    stripe_stack: StripeStack, fault: str, settings: Settings
) -> None:
    settings.EVENT_MAX_ATTEMPTS = 2
    eleni = stripe_stack.buy()
    buyer = stripe_stack.check_out()
    eleni.move("unpaid")
    stripe_stack.arrived()
    Signup.objects.filter(pk=buyer.signup.pk).update(session_expires_at=eleni.tenant.created_at)
    StripeEvent.objects.filter(status="received").update(received_at=eleni.signup.created_at)
    with stripe_stack.fault(**{**OUTAGES, **REFUSALS}[fault]):
        for _ in range(4):
            stripe_stack.try_again()
        with pytest.raises((gateway.KeyInvalid, gateway.RateLimited)):
            settle_signup.func(str(buyer.signup.pk))
        key_watch.look()
    waiting = StripeEvent.objects.filter(status="received")
    assert [event.attempts for event in waiting] == [0] * waiting.count()
    assert not StripeEvent.objects.filter(status="failed").exists()
    assert not inbox.due().exists()
    if fault == "a key that it does not take":
        [incident] = open_incidents()
        assert gateway.key_hint() in incident.lines[0]
        assert settings.STRIPE.secret_key not in incident.lines[0]
        turn = SweepTurn.objects.filter(sweep=checkout.UNPAID.name, row=str(buyer.signup.pk))
        assert turn.update(next_at=timezone.now() + timedelta(hours=1)) == 1
        assert buyer.signup not in checkout.UNPAID.batch(100), "it waits"
        key_watch.look()
        assert buyer.signup in checkout.UNPAID.batch(100)
    else:
        stripe_stack.try_again()
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"
    key_watch.look()
    assert not open_incidents().exists()


def test_being_asked_to_slow_down_is_told_when_it_goes_on(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    eleni.move("unpaid")
    stripe_stack.arrived()
    with stripe_stack.fault(status=429):
        stripe_stack.try_again()
        assert not open_incidents().exists(), "a moment of it is nothing"
        long_ago = timezone.now() - 2 * stripe_account.SLOW_FOR
        StripeEvent.objects.filter(status="received").update(received_at=long_ago)
        stripe_stack.try_again()
        key_watch.look()
        [incident] = open_incidents()
        assert gateway.key_hint() in incident.lines[0]
    stripe_stack.try_again()
    key_watch.look()
    assert not open_incidents().exists()
    assert eleni.tenant.status == "suspended"


def open_incidents() -> QuerySet[Incident]:
    """Return what staff have to look at about our key."""
    return Incident.objects.filter(kind=stripe_account.KEY_REFUSED.name, closed_at=None)


@pytest.mark.parametrize("slow", [{"delay_ms": 12_000}, {"drip_ms": 500}], ids=["late", "drips"])
def test_a_slow_stripe_holds_a_worker_for_a_bounded_time_and_no_lock_outlives_it(
    stripe_stack: StripeStack, slow: dict[str, Any]
) -> None:
    eleni = stripe_stack.buy()
    eleni.move("unpaid")
    stripe_stack.arrived()
    event = StripeEvent.objects.filter(
        status="received", type="customer.subscription.updated"
    ).first()
    assert event is not None
    began = time.monotonic()
    with stripe_stack.fault(**slow):
        handle_event(event_id=event.pk)
    assert time.monotonic() - began < inbox.LEASE.total_seconds() + 1
    assert StripeEvent.objects.get(pk=event.pk).error
    stripe_stack.try_again()
    assert eleni.tenant.status == "suspended"


def test_the_webhook_answers_at_once_while_stripe_is_slow(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    with stripe_stack.fault(delay_ms=8_000):
        eleni.move("past_due")
        stripe_stack.arrived()
    rows = requests.get(f"{stripe_stack.mock}/_control/deliveries", timeout=10).json()
    assert rows
    mine = [row for row in rows if row["object_id"] == eleni.subscription_id]
    assert mine
    assert all(row["duration_ms"] < 1000 for row in mine)
