"""How people name a tenant: by its subdomain, by its schema, or by a domain of its own."""

from __future__ import annotations

from public_apps.tenants import domains
from public_apps.tenants.models import Tenant


def named(name: str) -> Tenant | None:
    """Return the claimed tenant of this subdomain, schema or host, or None."""
    tenants = Tenant.objects.filter(claimed_at__isnull=False)
    by_schema: Tenant | None = tenants.filter(schema_name=name).first()
    if by_schema is not None:
        return by_schema
    hosts = [domains.host_of(name.lower()), name.lower()]
    by_host: Tenant | None = tenants.filter(domains__domain__in=hosts).first()
    return by_host
