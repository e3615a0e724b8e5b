"""Events that Stripe could not deliver are brought in later, once each."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from billing import event_backfill
from billing.models import StripeEvent
from billing.tasks import fetch_missed_events
from tests.billing.stripe_stack import Customer as Buyer
from tests.billing.stripe_stack import StripeStack


@pytest.fixture
def eleni(stripe_stack: StripeStack) -> Buyer:
    """Somebody who has paid, and of whom Stripe then tells us nothing more."""
    eleni = stripe_stack.buy()
    stripe_stack.hold_deliveries()
    return eleni


def test_missed_events_are_fetched_once_and_handled(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    eleni.move("unpaid")
    first = event_backfill.fetch()
    assert len(first.new) >= 2
    again = event_backfill.fetch()
    assert again.new == []
    assert again.known >= len(first.new)
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"
    assert set(StripeEvent.objects.filter(pk__in=first.new).values_list("status", flat=True)) <= {
        "processed",
        "ignored",
    }


def test_what_has_been_undelivered_for_long_is_counted_and_what_is_under_way_is_not(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    eleni.move("unpaid")
    young = event_backfill.fetch()
    assert (len(young.new) >= 2, young.missed) == (True, 0)
    eleni.move("active")
    old = event_backfill.fetch(now=timezone.now() + 2 * event_backfill.UNDER_WAY)
    assert old.missed == len(old.new) >= 1


def test_the_worker_fetches_them_by_itself(stripe_stack: StripeStack, eleni: Buyer) -> None:
    eleni.move("unpaid")
    with stripe_stack.fault(status=500):
        fetch_missed_events(timestamp=0)
    assert not StripeEvent.objects.filter(
        object_id=eleni.subscription_id, status="received"
    ).exists()
    fetch_missed_events(timestamp=0)
    stripe_stack.handle_all()
    assert eleni.tenant.status == "suspended"


def test_a_fetch_gives_a_failed_event_no_second_life(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    eleni.move("unpaid")
    [event_id, *_rest] = event_backfill.fetch().new
    StripeEvent.objects.filter(pk=event_id).update(status="failed", processed_at=timezone.now())
    event_backfill.fetch()
    assert StripeEvent.objects.get(pk=event_id).status == "failed"


def test_more_missed_events_than_one_page_holds_are_all_fetched(stripe_stack: StripeStack) -> None:
    stripe_stack.hold_deliveries()
    for number in range(120):
        stripe_stack.control("events", {"type": "plan.created", "object": {"id": f"x_{number}"}})
    assert len(event_backfill.fetch().new) >= 120


def test_older_events_than_stripe_keeps_are_not_asked_for(
    stripe_stack: StripeStack, eleni: Buyer
) -> None:
    eleni.move("unpaid")
    later = timezone.now() + event_backfill.KEPT + timedelta(minutes=1)
    assert event_backfill.fetch(now=later).new == []


def test_an_operator_fetches_by_command(
    stripe_stack: StripeStack, eleni: Buyer, capsys: pytest.CaptureFixture[str]
) -> None:
    eleni.move("paused")
    call_command("stripe_events", "fetch-missed")
    told = capsys.readouterr().out
    assert "stored evt_" in told
    assert "known already" in told
    with stripe_stack.fault(status=500), pytest.raises(CommandError, match="Stripe"):
        call_command("stripe_events", "fetch-missed")
