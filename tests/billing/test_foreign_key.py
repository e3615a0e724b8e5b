"""A key of another account sees nothing of ours: nobody is suspended for that, and staff are told."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.conf import settings
from django.test import override_settings
from django.utils import timezone

from billing import (
    archiving,
    checkout,
    gateway,
    inbox,
    key_watch,
    reconcile,
    repair,
    stripe_account,
)
from billing.models import StripeEvent
from billing.reconcile import Kind
from billing.tasks import handle_event, settle_signup
from devstack import processes
from public_apps.core.models import OutgoingMail
from public_apps.monitoring.models import Incident
from public_apps.onboarding.models import Signup
from tests.billing.stripe_stack import Customer, StripeStack, start_mock

STRANGE = "sk_test_of_a_stranger_9876"
HINT = "sk_test_…9876"


@pytest.fixture
def elsewhere(stripe_stack: StripeStack, tmp_path: Path) -> Iterator[str]:
    """The address of Stripe as it looks to a key of another account: there is nothing of ours."""
    running, url = start_mock(stripe_stack.web_stack.stack, tmp_path / "elsewhere", key=STRANGE)
    yield url
    processes.stop(running, watchdog=stripe_stack.web_stack.stack.watchdog)


@pytest.fixture
def eleni(stripe_stack: StripeStack) -> Customer:
    """Somebody who has paid, of whom nothing is left to handle; staff have nothing to look at."""
    eleni = stripe_stack.buy()
    Incident.objects.filter(closed_at=None).update(closed_at=timezone.now())
    return eleni


@contextmanager
def strange_key(url: str) -> Iterator[None]:
    """Work with a key of the account at this address."""
    strange = dataclasses.replace(settings.STRIPE, api_base=url, secret_key=STRANGE)
    with override_settings(STRIPE=strange, OPS_ALERT_EMAILS=["ops@staff.example"]):
        yield


def handle_once() -> None:
    """Make one attempt at each event that is due."""
    for event in list(inbox.due()):
        handle_event(event_id=event.pk)


def open_incident() -> Incident:
    """Return what staff have to look at."""
    return Incident.objects.get(kind=stripe_account.FOREIGN_KEY.name, closed_at=None)


@pytest.mark.parametrize(
    "event_type",
    ["customer.subscription.updated", "customer.subscription.deleted", "customer.deleted",
     "checkout.session.completed", "invoice.paid"],
)  # fmt: skip
def test_an_event_under_a_strange_key_suspends_nobody_and_stays_due(
    stripe_stack: StripeStack, eleni: Customer, elsewhere: str, event_type: str
) -> None:
    of = {
        "customer.deleted": eleni.customer_id,
        "checkout.session.completed": eleni.session_id,
        "invoice.paid": str(eleni.at_stripe["latest_invoice"]),
    }.get(event_type, eleni.subscription_id)
    stripe_stack.control("events", {"type": event_type, "object_id": of})
    stripe_stack.arrived()
    with strange_key(elsewhere):
        handle_once()
    event = StripeEvent.objects.get(type=event_type, object_id=of, status="received")
    assert "NotOurAccount" in event.error
    assert eleni.tenant.status == "active"
    assert eleni.mirrored.gone_at is None
    [line] = open_incident().lines
    assert HINT in line
    assert STRANGE not in line + event.error
    assert OutgoingMail.objects.filter(key=f"{open_incident().pk}:ops@staff.example").exists()

    stripe_stack.try_again()
    event.refresh_from_db()
    assert event.status == "processed"
    assert not Incident.objects.filter(
        kind=stripe_account.FOREIGN_KEY.name, closed_at=None
    ).exists()


def test_what_waits_for_the_right_key_loses_no_attempts_and_goes_on_by_itself(
    stripe_stack: StripeStack, eleni: Customer, elsewhere: str
) -> None:
    eleni.move("paused")
    stripe_stack.arrived()
    with strange_key(elsewhere):
        for _ in range(settings.EVENT_MAX_ATTEMPTS + 1):
            StripeEvent.objects.filter(status="received").update(next_attempt_at=timezone.now())
            handle_once()
        key_watch.look()
    waiting = StripeEvent.objects.filter(status="received")
    assert waiting.exists()
    assert {event.attempts for event in waiting} == {0}
    assert not inbox.due().exists()
    assert eleni.tenant.status == "active"
    key_watch.look()
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"
    assert not StripeEvent.objects.filter(status__in=["received", "failed"]).exists()


def test_a_stripe_that_knows_nothing_at_all_is_not_believed(
    stripe_stack: StripeStack, eleni: Customer
) -> None:
    stripe_stack.control("events", {
        "type": "customer.subscription.updated", "object_id": eleni.subscription_id,
    })  # fmt: skip
    stripe_stack.arrived()
    with stripe_stack.fault(status=404, method="GET"):
        handle_once()
    assert eleni.tenant.status == "active"
    assert open_incident().lines
    stripe_stack.try_again()


def test_a_purchase_under_a_strange_key_waits_for_the_right_one(
    stripe_stack: StripeStack, eleni: Customer, elsewhere: str
) -> None:
    buyer = stripe_stack.check_out()
    stripe_stack.control(f"sessions/{buyer.session_id}/complete", {"outcome": "paid"})
    stripe_stack.arrived()
    with strange_key(elsewhere):
        handle_once()
        with pytest.raises(stripe_account.NotOurAccount):
            settle_signup.func(str(buyer.signup.pk))
    assert (buyer.signup.paid_at, buyer.signup.released_at) == (None, None)
    stripe_stack.try_again()
    assert buyer.tenant.status == "active"


def test_reconcile_says_so_and_repairs_nothing_by_it(eleni: Customer, elsewhere: str) -> None:
    with strange_key(elsewhere):
        found = reconcile.differences(tenant=eleni.tenant)
        repair.repair(found)
    assert {each.kind for each in found} == {Kind.FOREIGN}
    assert {eleni.customer_id, eleni.subscription_id} <= {each.object_id for each in found}
    assert all(HINT in each.line for each in found)
    assert eleni.tenant.status == "active"
    assert reconcile.differences(tenant=eleni.tenant) == []


def test_nobody_is_archived_whose_subscription_a_strange_key_could_not_end(
    eleni: Customer, elsewhere: str
) -> None:
    with strange_key(elsewhere), pytest.raises(archiving.NotArchived, match="belongs to"):
        archiving.archive(tenant=eleni.tenant, by="anna")
    assert HINT in open_incident().lines[0]
    assert eleni.tenant.status == "active"
    assert eleni.at_stripe["status"] == "active"


def test_what_is_really_gone_is_still_believed(stripe_stack: StripeStack, eleni: Customer) -> None:
    stripe_stack.delete(f"customers/{eleni.customer_id}")
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"


def test_a_key_that_may_not_ask_whose_it_is_is_not_believed_either(
    stripe_stack: StripeStack, eleni: Customer
) -> None:
    with stripe_stack.fault(status=403, path="/v1/account"):
        assert stripe_account.KeyOwner().doubts(customer_id=eleni.customer_id)
    assert not stripe_account.KeyOwner().doubts(customer_id=eleni.customer_id)


def test_a_paid_sign_up_is_opened_even_if_stripe_can_not_be_asked(
    stripe_stack: StripeStack, eleni: Customer, elsewhere: str
) -> None:
    buyer = stripe_stack.check_out()
    Signup.objects.filter(pk=buyer.signup.pk).update(paid_at=timezone.now())
    with strange_key(elsewhere), pytest.raises(gateway.KeyRefused):
        checkout.settle_signup(signup_id=buyer.signup.pk)
    assert buyer.tenant.status == "active"
