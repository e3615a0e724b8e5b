"""`pg_dump`, the store, and the last restore test."""

from __future__ import annotations

from collections.abc import Iterator

from django.conf import settings
from django.db import connection

from public_apps.tenants.archives import (
    backup,
    legacy_keys,
    pgdump,
    restore_test,
    store_ownership,
    stores,
)
from public_apps.tenants.archives.store_types import NoStore
from public_apps.tenants.models import RestoreTest
from staff.doctor.findings import Finding, failing, ok, warning


def examine_archives() -> Iterator[Finding]:
    """Whether tenants can be exported and are backed up, and whether a backup can be restored."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT current_setting('server_version_num')::int / 10000")
            (major,) = cursor.fetchone()
        yield ok("pg_dump", f"{pgdump.fitting(major)} reads our server.")
    except pgdump.NoDump as error:
        yield warning("pg_dump", str(error), "Exports and backups need it.")
    try:
        kept = store_ownership.own_store()
        stores.prove(kept)
        late, unclaimed = backup.late(), legacy_keys.unclaimed(kept)
    except store_ownership.NotOurs as error:
        yield failing("archives", str(error), "Nobody is backed up, archived or erased meanwhile.")
        return
    except NoStore as error:
        told = failing if settings.ARCHIVE_STORE else warning
        yield told("archives", str(error), "Nobody is backed up, and nobody can be archived.")
        return
    if late:
        yield warning(
            "archives",
            f"{len(late)} tenants have no backup of the last two nights.",
            "Run “manage.py backup --all”; the worker does so every night.",
        )
    else:
        yield ok("archives", "Every tenant in use has a fresh backup.")
    if unclaimed:
        yield warning(
            "archives",
            f"{unclaimed} archives of an earlier release are neither pruned nor erased.",
            f"If this store is ours alone: manage.py backup --claim {settings.TENANT_BASE_DOMAIN}",
        )
    yield from _restore_tests()


def _restore_tests() -> Iterator[Finding]:
    for test in restore_test.failing():
        yield failing(
            "restore test", f"{test.backup}: {test.error}", "Run “manage.py backup --test” again."
        )
    last = RestoreTest.objects.order_by("-at").first()
    if last is not None and not last.error:
        yield ok("restore test", f"{last.backup} came back, {last.rows} rows.")
