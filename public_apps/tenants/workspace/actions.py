"""Changing what a workspace is called and which language it speaks first."""

from __future__ import annotations

from django.db import transaction

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant


def current(tenant_id: int) -> Tenant:
    """Return the tenant's row as it is now, not as it was cached for routing."""
    with in_public():
        tenant: Tenant = Tenant.objects.get(pk=tenant_id)
    return tenant


@transaction.atomic
def change(*, tenant: Tenant, by: User, name: str = "", language: str = "") -> Tenant:
    """Change name and first language, and return the tenant; what is empty stays as it is.

    Every process knows the new name within `routing.FRESH_SECONDS`.
    """
    with in_public():
        held: Tenant = Tenant.objects.select_for_update().get(pk=tenant.pk)
        held.name = name or held.name
        held.language = language or held.language
        held.save(update_fields=["name", "language"])
    detail = {"name": held.name, "language": held.language}
    audit.record(actor=by, action="workspace.changed", target=held, detail=detail)
    return held
