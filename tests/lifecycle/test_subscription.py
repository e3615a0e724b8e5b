"""Whoever leaves pays no more: the subscription ends first, or nothing else happens."""

from __future__ import annotations

from django.utils import timezone

from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding import departures, orphans, steps
from tests.billing.stripe_stack import StripeStack
from tests.core.web_stack import Workspace
from tests.lifecycle.leaving import later


def test_deleting_ends_the_subscription_at_once_and_undoing_leads_to_the_plans(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.buy()
    departure = departures.request_erasure(tenant=eleni.tenant, by=eleni.order.email)
    steps.proceed(departure.pk)
    assert eleni.at_stripe["status"] == "canceled"
    departures.undo(tenant=eleni.tenant, by=eleni.order.email)
    now = Tenant.objects.get(pk=eleni.tenant.pk)
    assert (now.status, now.held_at) == ("suspended", None), "until a plan is chosen again"


def test_while_stripe_cannot_be_asked_nothing_is_dropped(stripe_stack: StripeStack) -> None:
    eleni = stripe_stack.buy()
    workspace = Workspace(tenant=eleni.tenant, host=eleni.host, owner=eleni.order.email)
    departure = departures.request_erasure(tenant=eleni.tenant, by=eleni.order.email)
    later(workspace, days=8)
    with stripe_stack.fault(status=500):
        hindered = steps.proceed(departure.pk)
    assert hindered is not None
    assert "Stripe" in hindered.error
    assert (hindered.unpaid_at, hindered.closed_at) == (None, None)
    assert orphans.is_there(eleni.tenant.schema_name)
    done = steps.proceed(departure.pk)
    assert done is not None
    assert (done.error, bool(done.erased_at)) == ("", True)
    assert eleni.at_stripe["status"] == "canceled"


def test_a_subscription_that_was_begun_meanwhile_ends_before_the_door_closes(
    stripe_stack: StripeStack,
) -> None:
    eleni = stripe_stack.buy()
    workspace = Workspace(tenant=eleni.tenant, host=eleni.host, owner=eleni.order.email)
    departure = departures.request_erasure(tenant=eleni.tenant, by=eleni.order.email)
    # As if the first step had found none: what is live at Stripe when the door closes ends, too.
    later(workspace, days=8)
    type(departure).objects.filter(pk=departure.pk).update(unpaid_at=timezone.now())
    assert eleni.at_stripe["status"] == "active"
    steps.proceed(departure.pk)
    assert eleni.at_stripe["status"] == "canceled"
