"""Tenants, their domains, archives and departures; all of them live in public."""

from public_apps.tenants.models.archives import (
    Export,
    ExportStatus,
    Installation,
    KeptSchema,
    RestoreTest,
)
from public_apps.tenants.models.custom_domains import DnsProblem, DomainClaim, new_token
from public_apps.tenants.models.offboarding import Aim, Departure
from public_apps.tenants.models.tenants import (
    AccessChange,
    Domain,
    Status,
    Tenant,
    TenantMigration,
    TenantQuerySet,
    opaque_schema_name,
)

__all__ = [
    "AccessChange",
    "Aim",
    "Departure",
    "DnsProblem",
    "Domain",
    "DomainClaim",
    "Export",
    "ExportStatus",
    "Installation",
    "KeptSchema",
    "RestoreTest",
    "Status",
    "Tenant",
    "TenantMigration",
    "TenantQuerySet",
    "new_token",
    "opaque_schema_name",
]
