"""Bringing every schema to this code's head: public first, then each tenant by itself."""

from __future__ import annotations

from collections.abc import Callable

import structlog
from django.core.management import call_command
from django.db import DatabaseError

from public_apps.core.schemas import to_public
from public_apps.tenants import building
from public_apps.tenants.engine import head
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)


def migrate_public() -> None:
    """Migrate the shared schema."""
    call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
    to_public()


def behind() -> list[Tenant]:
    """Return built tenants whose schema is not known to be at head, spares first as canaries."""
    built = Tenant.objects.filter(provisioned_at__isnull=False, archived_at__isnull=True)
    late = built.exclude(migrations_fingerprint=head.fingerprint())
    return list(late.order_by("claimed_at", "pk").reverse())


def migrate_tenants(report: Callable[[str], None]) -> list[str]:
    """Migrate every tenant that is behind; go on past a bad one, and return the names of those."""
    failed = []
    for tenant in behind():
        try:
            _migrate_one(tenant)
        except (DatabaseError, building.SchemaIncomplete) as error:
            log.exception("tenant not migrated", schema=tenant.schema_name)
            report(f"failed   {tenant.schema_name}: {error}")
            failed.append(tenant.schema_name)
        else:
            report(f"migrated {tenant.schema_name}")
    return failed


def _migrate_one(tenant: Tenant) -> None:
    try:
        call_command(
            "migrate_schemas", tenant=True, schema_name=tenant.schema_name,
            interactive=False, verbosity=0,
        )  # fmt: skip
    finally:
        to_public()
    building.verify(tenant.schema_name)
    Tenant.objects.filter(pk=tenant.pk).update(migrations_fingerprint=head.fingerprint())
