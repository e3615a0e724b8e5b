"""The banner on a tenant's pages while a payment is overdue."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from billing.owners import overview
from billing.owners.account import Account
from public_apps.accounts.models import Role
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant

TOLD = frozenset({Role.OWNER, Role.MANAGER})


def past_due(request: HttpRequest) -> dict[str, Any]:
    """Give templates `past_due`: since when, until when, for those who run the workspace."""
    tenant: Tenant | None = getattr(request, "tenant", None)
    # Only a tenant whose access the clock may change can be past due: all others cost no query.
    if tenant is None or tenant.access_review_at is None or tenant.suspended_at:
        return {}
    user = getattr(request, "user", None)
    if getattr(user, "role", "") not in TOLD:
        return {}
    with in_public():
        subscription = Account(tenant=tenant).subscription()
    return {"past_due": overview.past_due(subscription) if subscription else None}
