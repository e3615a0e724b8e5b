"""The restore test: a backup that nobody has restored is a hope, so every night one of them is."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import structlog
from django.db import DatabaseError, transaction

from public_apps.tenants.archives import backup, rebuilding
from public_apps.tenants.archives.manifest import ArchiveRefused
from public_apps.tenants.archives.models import RestoreTest
from public_apps.tenants.archives.opening import opened
from public_apps.tenants.archives.stores import NoStore, store
from public_apps.tenants.building import SchemaIncomplete
from public_apps.tenants.models import Tenant, opaque_schema_name

log = structlog.get_logger(__name__)
FAILURES = (ArchiveRefused, NoStore, SchemaIncomplete, DatabaseError, OSError)


def rehearse() -> RestoreTest | None:
    """Restore a random tenant's newest backup, compare, drop it, and report; None without backups."""
    for tenant in Tenant.objects.serving().order_by("?"):
        key = backup.newest(tenant)
        if key is not None:
            return rehearse_with(tenant, key)
    return None


def rehearse_with(tenant: Tenant, key: str) -> RestoreTest:
    """Restore one backup into a schema that is dropped again, and report how it went."""
    begun = time.monotonic()
    report = RestoreTest(tenant=tenant, backup=key)
    try:
        report.rows = _restore(key)
    except FAILURES as error:
        report.error = f"{type(error).__name__}: {error}"
        log.exception("restore test failed", backup=key)
    report.milliseconds = round(1000 * (time.monotonic() - begun))
    report.save()
    log.info("restore tested", backup=key, milliseconds=report.milliseconds)
    return report


def _restore(key: str) -> int:
    """Rebuild it, counts and sums compared, and take the transaction back; return how many rows."""
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as folder:
        path = Path(folder) / "archive.zip"
        store().fetch(key, path)
        with opened(path) as archive, transaction.atomic():
            rebuilding.rebuild(opaque_schema_name(), archive)
            transaction.set_rollback(True)
            return sum(table.rows for table in archive.manifest.tables)
