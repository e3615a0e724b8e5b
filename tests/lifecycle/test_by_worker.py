"""The whole way out by the real worker, from the cancellation at Stripe to the name that is free again.

Only the calendar is ours: what happened is set back in the database, and a sweep is asked for instead
of waiting for its minute.
"""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
import requests
from django.conf import settings
from django.utils import timezone

from billing.models import Invoice, Subscription
from devstack import mailbox
from public_apps.tenants.models import Departure, Domain, Tenant
from public_apps.tenants.offboarding import departures, orphans, reactivation
from public_apps.tenants.routing import FRESH_SECONDS, STILL_IN_USE
from tests.core.web_stack import Workspace as Built
from tests.customer import PASSWORD, Shop, Workspace, until
from tests.lifecycle.leaving import later, swept

KEPT = "We keep it as it is until"


@pytest.fixture
def eleni(shop: Shop) -> Workspace:
    """Somebody who has bought a workspace and chosen a password."""
    bought = shop.buy()
    bought.set_password()
    return bought


def row_of(eleni: Workspace) -> Tenant:
    """Return the tenant as it is now."""
    found: Tenant = Tenant.objects.get(owner_email=eleni.order.email)
    return found


def built(eleni: Workspace) -> Built:
    """Return the workspace as other tests of departures know it."""
    tenant = row_of(eleni)
    return Built(tenant=tenant, host=tenant.primary_domain, owner=eleni.order.email)


def dropped(eleni: Workspace) -> Departure:
    """Have the worker close the door, let the minute pass in which somebody may be within, and wait."""
    swept(row_of(eleni), lambda departure: departure.closed_at)
    time.sleep(FRESH_SECONDS)  # so long a process may look for it in the schema that it has
    later(built(eleni), seconds=STILL_IN_USE.total_seconds())
    return swept(row_of(eleni), lambda departure: departure.dropped_at)


def notices(eleni: Workspace) -> list[str]:
    """Return the mails about the end that have arrived."""
    texts = map(mailbox.plain_text, eleni.shop.mails_to(eleni.order.email))
    return [text for text in texts if KEPT in text]


def cancel(eleni: Workspace) -> None:
    """End the subscription at Stripe, and wait until the worker has heard of it."""
    subscription = Subscription.objects.get(tenant=row_of(eleni))
    eleni.shop.control(f"subscriptions/{subscription.pk}", {"status": "canceled"})
    until(lambda: row_of(eleni).suspended_at)


def test_cancelled_suspended_warned_archived_brought_back_and_at_last_forgotten(
    eleni: Workspace,
) -> None:
    cancel(eleni)
    since = timezone.now() - timedelta(days=settings.RETENTION_DAYS - 29)
    Tenant.objects.filter(pk=row_of(eleni).pk).update(suspended_at=since)
    swept(row_of(eleni), lambda departure: departure.begins_at > timezone.now())
    until(lambda: len(notices(eleni)) == 1)
    later(built(eleni), days=23.5)
    swept(row_of(eleni), lambda departure: departure.closed_at is None)
    until(lambda: len(notices(eleni)) == 2)

    schema = row_of(eleni).schema_name
    later(built(eleni), days=8)
    gone = dropped(eleni)
    assert (Path(eleni.shop.stack.env["ARCHIVE_STORE"]) / gone.stored_as).is_file()
    assert not orphans.is_there(schema)
    until(lambda: eleni.request("GET", "/").status_code == 404)
    assert Invoice.objects.filter(tenant=row_of(eleni)).exists(), "as the law wants"

    reactivation.request_reactivation(tenant=row_of(eleni), by="anna@staff.example")
    until(lambda: row_of(eleni).archived_at is None)
    assert row_of(eleni).status == "suspended", "until a plan is chosen again"
    until(lambda: eleni.request("GET", "/accounts/login/").status_code == 200)
    assert eleni.token(PASSWORD)

    departures.plan_archive(tenant=row_of(eleni), begins_at=timezone.now(), by="test")
    dropped(eleni)
    host = row_of(eleni).primary_domain
    later(built(eleni), days=31)
    swept(row_of(eleni), lambda departure: departure.freed_at)
    assert not Domain.objects.filter(domain=host).exists()
    name = f"{eleni.shop.url}/api/billing/subdomains/{eleni.order.subdomain}/"
    assert requests.get(name, timeout=60).json()["available"] is True
