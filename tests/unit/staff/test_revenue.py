"""Revenue is what tenants pay; what nobody's customers pay is told beside it."""

from __future__ import annotations

import secrets
from typing import Any

from billing.models import Subscription
from public_apps.core import clock
from public_apps.tenants.models import Tenant
from staff.dashboard import business
from tests.unit.core.sweep_scenes import workspaces


def subscribe(tenant: Tenant | None, amount: int, **fields: Any) -> None:
    """Mirror a subscription."""
    Subscription.objects.create(
        pk=f"sub_{secrets.token_hex(8)}", tenant=tenant, synced_at=clock.now(), currency="eur",
        created_at=clock.now(), renewal_amount=amount,
        **{"status": "active", "interval": "month", **fields},
    )  # fmt: skip


def test_what_has_no_tenant_is_told_and_not_counted(db: None) -> None:
    [tenant] = workspaces(1)
    subscribe(tenant, 4900)
    subscribe(None, 1900)
    subscribe(None, 12_000, interval="year")
    subscribe(None, 4900, status="canceled")
    found = business.money()
    assert (found.mrr, found.paying, found.began) == (4900, 1, 1)
    assert (found.unclaimed, found.unclaimed_mrr) == (2, 2900)
