"""The restore test: a backup that nobody has restored is a hope, so every night one of them is."""

from __future__ import annotations

import time

import psycopg
import structlog
from django.db import DatabaseError, transaction

from public_apps.core import sweeps
from public_apps.tenants.archives import backup, provenance, rebuild
from public_apps.tenants.archives.manifest import ArchiveRefused
from public_apps.tenants.archives.reader import opened
from public_apps.tenants.archives.store_ownership import own_store
from public_apps.tenants.archives.store_types import NoStore
from public_apps.tenants.archives.work_directory import desk
from public_apps.tenants.models import RestoreTest, Tenant, opaque_schema_name
from public_apps.tenants.schema_creation import SchemaIncomplete

MOST_AGAIN = 10
log = structlog.get_logger(__name__)
FAILURES = (ArchiveRefused, NoStore, SchemaIncomplete, DatabaseError, psycopg.Error, OSError)


def rehearse() -> list[RestoreTest]:
    """Restore newest backups: those that failed last time, and a random tenant's; none without any.

    Each is compared, dropped again, and reported.
    """
    again = [test.tenant for test in failing()[:MOST_AGAIN]]
    others = Tenant.objects.serving().exclude(pk__in=[each.pk for each in again]).order_by("?")
    reports: list[RestoreTest] = []

    def once_more(tenant: Tenant) -> None:
        if key := backup.newest(tenant):
            reports.append(rehearse_with(tenant, key))

    sweeps.sweep(
        "rehearse_restore", again, once_more, named=lambda each: each.schema_name, atomic=False
    )
    for tenant in others:
        if key := backup.newest(tenant):
            return [*reports, rehearse_with(tenant, key)]
    return reports


def failing() -> list[RestoreTest]:
    """Return the last test of each tenant in use whose last one failed, oldest first."""
    last = RestoreTest.objects.filter(tenant__in=Tenant.objects.serving())
    newest = last.order_by("tenant", "-at").distinct("tenant").select_related("tenant")
    return sorted((test for test in newest if test.error), key=lambda test: test.at)


def rehearse_with(tenant: Tenant, key: str) -> RestoreTest:
    """Restore one backup into a schema that is dropped again, and report how it went."""
    begun = time.monotonic()
    report = RestoreTest(tenant=tenant, backup=key)
    try:
        report.rows = _restore(tenant, key)
    except FAILURES as error:
        report.error = f"{type(error).__name__}: {error}"
        log.exception("restore test failed", backup=key)
    report.milliseconds = round(1000 * (time.monotonic() - begun))
    report.save()
    log.info("restore tested", backup=key, milliseconds=report.milliseconds)
    return report


def _restore(tenant: Tenant, key: str) -> int:
    """Rebuild it, counts and sums compared, and take the transaction back; return how many rows."""
    with desk() as folder:
        path = folder / "archive.zip"
        own_store().fetch(key, path)
        with opened(path) as archive, transaction.atomic():
            provenance.prove(archive.manifest, tenant)
            rebuild.rebuild(opaque_schema_name(), archive)
            transaction.set_rollback(True)
            return sum(table.rows for table in archive.manifest.tables)
