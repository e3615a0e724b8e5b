"""How people name a tenant: by its subdomain, or by its schema."""

from __future__ import annotations

from public_apps.tenants import domains
from public_apps.tenants.models import Tenant


def named(name: str) -> Tenant | None:
    """Return the claimed tenant of this subdomain or schema, or None."""
    tenants = Tenant.objects.filter(claimed_at__isnull=False)
    by_schema: Tenant | None = tenants.filter(schema_name=name).first()
    if by_schema is not None:
        return by_schema
    by_host: Tenant | None = tenants.filter(domains__domain=domains.host_of(name.lower())).first()
    return by_host
