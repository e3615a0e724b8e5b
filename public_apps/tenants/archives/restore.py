"""Taking a tenant back to an archive: built beside, swapped in one transaction, undone or confirmed.

Whoever is at work during a swap finishes in the schema that they began with; each process goes
over to the other one within `routing.FRESH_SECONDS`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import structlog
from django.db import transaction

from public_apps.core import clock
from public_apps.tenants import offboarding_hooks, schema_names, suspension
from public_apps.tenants.archives import provenance, rebuild
from public_apps.tenants.archives.reader import opened
from public_apps.tenants.models import KeptSchema, Tenant
from public_apps.tenants.routing import STILL_IN_USE
from public_apps.tenants.schema_drop import drop_schema
from public_apps.tenants.schema_migrations import executor, head

log = structlog.get_logger(__name__)


class NotRestored(Exception):
    """This can't be done as things stand; the message says why. Nothing was changed."""


def restore(tenant: Tenant, *, path: Path, trust: bool = False, of: str = "") -> KeptSchema:
    """Put an archive's contents in the place of a tenant's, which are kept until confirmed.

    `of` is the schema that an earlier release's archive was made of, where somebody knows that it was
    this tenant's. Raises `ArchiveRefused`, for another tenant's archive above all, and `NotRestored`
    while an earlier restore is not confirmed.
    """
    _refuse_unfit(tenant)
    with opened(path, trust=trust) as archive, transaction.atomic():
        provenance.prove(archive.manifest, tenant, of=of)
        beside = schema_names.fresh()
        rebuild.rebuild(beside, archive)
        locked = suspension.lock(tenant.pk)
        _refuse_unfit(locked)
        kept = KeptSchema(tenant=locked, restored_from=archive.manifest.made_at)
        _swap(locked, kept, to=beside)
    log.warning("restored", schema=beside, kept=kept.schema_name)
    return kept


@transaction.atomic
def undo(tenant: Tenant) -> KeptSchema:
    """Go back to the schema that is kept; the restored one is kept instead, until confirmed."""
    locked = suspension.lock(tenant.pk)
    kept = _kept(locked)
    executor.hold(kept.schema_name)
    rebuild.bring_to_head(kept.schema_name)  # a release may have passed it by
    _swap(locked, kept, to=kept.schema_name)
    log.warning("restore undone", schema=locked.schema_name, kept=kept.schema_name)
    return kept


@transaction.atomic
def confirm(tenant: Tenant) -> str:
    """Drop the schema that is kept, for good, and return its name.

    Raises `NotRestored` if there is none, or while requests may still be at work in it.
    """
    locked = suspension.lock(tenant.pk)
    kept = _kept(locked)
    free_at: datetime = kept.swapped_at + STILL_IN_USE
    if free_at > clock.now():
        raise NotRestored(f"Requests may still be at work in it: confirm after {free_at:%H:%M:%S}.")
    kept.delete()
    drop_schema(kept.schema_name)
    return kept.schema_name


def _swap(tenant: Tenant, kept: KeptSchema, *, to: str) -> None:
    kept.schema_name, kept.swapped_at = tenant.schema_name, clock.now()
    tenant.schema_name, tenant.migrations_fingerprint = to, head.fingerprint()
    kept.save()
    tenant.save(update_fields=["schema_name", "migrations_fingerprint"])
    offboarding_hooks.reenqueue(to)


def _kept(tenant: Tenant) -> KeptSchema:
    kept = KeptSchema.objects.filter(tenant=tenant).first()
    if kept is None:
        raise NotRestored("Nothing is kept: there was no restore, or it is confirmed already.")
    return kept


def _refuse_unfit(tenant: Tenant) -> None:
    if tenant.archived_at or not tenant.opened_at:
        raise NotRestored("It is not in use: import the archive as a tenant of its own.")
    if KeptSchema.objects.filter(tenant=tenant).exists():
        raise NotRestored("An earlier restore waits: --confirm or --undo it first.")
