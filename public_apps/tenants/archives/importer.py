"""From an archive to a tenant of its own: all of it in one transaction, or nothing."""

from __future__ import annotations

from pathlib import Path

import structlog
from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction

from public_apps.core import clock
from public_apps.tenants import domains, offboarding_hooks, schema_names
from public_apps.tenants.archives import rebuild
from public_apps.tenants.archives.manifest import ArchiveRefused
from public_apps.tenants.archives.reader import OpenArchive, opened
from public_apps.tenants.models import Tenant
from public_apps.tenants.schema_migrations import head

log = structlog.get_logger(__name__)
TOLD = {"name", "language", "owner_email"}


def import_archive(path: Path, *, label: str = "", trust: bool = False) -> Tenant:
    """Make a new tenant of an archive, at subdomain `label` or the one that it had.

    Raises `ArchiveRefused`, `domains.NotALabel` and `domains.DomainTaken`; then nothing has changed.
    """
    with opened(path, trust=trust) as archive, transaction.atomic():
        label = label or archive.manifest.tenant.get("subdomain", "")
        domains.check_label(label)
        if domains.is_taken(label) or domains.is_held(label):
            raise domains.DomainTaken(domains.host_of(label))
        tenant = _new_tenant(archive)
        rebuild.rebuild(tenant.schema_name, archive)
        _open(tenant)
        domains.ensure_primary(tenant, label=label)
        offboarding_hooks.reenqueue(tenant.schema_name)
    log.info("imported", schema=tenant.schema_name, of=archive.manifest.schema)
    return tenant


def _new_tenant(archive: OpenArchive) -> Tenant:
    told = archive.manifest.tenant
    tenant = Tenant(
        schema_name=schema_names.fresh(),
        name=told.get("name", ""),
        language=told.get("language", "en"),
        owner_email=told.get("owner_email", ""),
    )
    try:
        tenant.clean_fields(exclude={field.name for field in Tenant._meta.fields} - TOLD)
    except ValidationError as error:
        raise ArchiveRefused(f"Its workspace can't be: {error.message_dict}") from error
    if tenant.language not in dict(settings.LANGUAGES) or "\0" in tenant.name:
        raise ArchiveRefused("Its workspace has a name or a language that none can have.")
    tenant.save()
    return tenant


def _open(tenant: Tenant) -> None:
    now = clock.now()
    tenant.provisioned_at = tenant.claimed_at = tenant.opened_at = now
    tenant.migrations_fingerprint = head.fingerprint()
    tenant.save()
