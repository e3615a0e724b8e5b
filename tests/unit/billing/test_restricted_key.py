"""A restricted key that lacks a right: nothing is wrong with the event, and it loses no attempt."""

from __future__ import annotations

import requests

from billing import inbox, key_watch
from billing.models import EventStatus, StripeEvent
from billing.tasks import handle_event
from public_apps.core.schema_context import in_public
from public_apps.monitoring.models import Incident
from public_apps.tenants.models import Tenant
from tests.unit.stripe_inside import URL, StripeInside, subscriber


def test_an_event_waits_for_the_right_and_then_goes_on(
    stripe_inside: StripeInside, tenant: Tenant
) -> None:
    bought = subscriber(stripe_inside, tenant)
    stripe_inside.happen(bought.subscription_id, "failed-payment")
    (event,) = [
        each for each in stripe_inside.events() if each["type"] == "customer.subscription.updated"
    ]
    stripe_inside.post_event(event)
    stripe_inside.control("faults", {"status": 403, "path": "/v1/subscriptions"})
    with in_public():
        handle_event(event_id=event["id"])
        waits = StripeEvent.objects.get(pk=event["id"])
        assert (waits.status, waits.attempts) == (EventStatus.RECEIVED, 0)
        assert waits.error.startswith("KeyRestricted: ")
        told = Incident.objects.filter(kind="key_refused", subject="restricted", closed_at=None)
        key_watch.look()
        assert told.count() == 1
        stripe_inside.answer(requests.Request("DELETE", f"{URL}/_control/faults").prepare())
        StripeEvent.objects.filter(pk=event["id"]).update(next_attempt_at=waits.received_at)
        assert inbox.due().filter(pk=event["id"]).exists()
        handle_event(event_id=event["id"])
        assert StripeEvent.objects.get(pk=event["id"]).status == EventStatus.PROCESSED
        key_watch.look()
        assert not told.exists()
    assert bought.mirrored.status == "past_due"
