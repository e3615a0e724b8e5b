"""Backups of every tenant, each by itself: side by side, taken up again where a run was cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, connection

from public_apps.core import clock
from public_apps.tenants.archives import legacy_keys, pgdump, writer
from public_apps.tenants.archives.store_layout import (
    BACKUP,
    FINAL,
    STAMP,
    folder_of,
    key_now,
    made_at,
)
from public_apps.tenants.archives.store_ownership import mark_of, own_store
from public_apps.tenants.archives.store_types import NoStore, Store
from public_apps.tenants.archives.work_directory import desk
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding_hooks import StepBlocked

__all__ = ["BACKUP", "FINAL", "STAMP", "folder_of"]  # part of what backups are to others
log = structlog.get_logger(__name__)
# Two nights: one may be missed by a release at the wrong moment.
LATE_AFTER = timedelta(days=2)
NEVER = timedelta(days=3650)
FAILURES = (NoStore, pgdump.NoDump, psycopg.Error, DatabaseError, OSError)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one tenant's backup went: no error means that it is in the store."""

    schema_name: str
    key: str = ""
    error: str = ""


def keep(tenant: Tenant, *, ending: str) -> str:
    """Export a tenant into the store and return the key. Raises what is in `FAILURES`."""
    kept, key = own_store(), key_now(tenant, ending=ending)
    with desk() as folder:
        written = writer.export(tenant, to=folder / "archive.zip")
        kept.put(key, written.path)
    return key


def due(*, fresh_for: timedelta) -> list[Tenant]:
    """Return tenants in use whose newest backup is older than that, or that have none: these first.

    Then whoever has the oldest one: a night that ends early leaves nobody out every time.
    """
    limit, last = clock.now() - fresh_for, _newest_by_folder(own_store())
    tenants = Tenant.objects.serving().order_by("pk")
    never = limit - NEVER
    late = [each for each in tenants if last.get(folder_of(each), limit) <= limit]
    return sorted(late, key=lambda each: last.get(folder_of(each), never))


def renew(tenant: Tenant) -> str:
    """Back up one tenant, let old backups of it go, and return the key; raises what hinders it."""
    key = keep(tenant, ending=BACKUP)
    prune(tenant)
    return key


def late() -> list[Tenant]:
    """Return tenants that have been in use for two days and have no backup as young as that."""
    limit = clock.now() - LATE_AFTER
    kept = own_store()
    last, until = _newest_by_folder(kept), mark_of(kept).since

    def was_fresh(tenant: Tenant) -> bool:
        """Whether an earlier release made one in time, before this one took over."""
        made = last.get(legacy_keys.folder_of(tenant), limit)
        return made > limit and legacy_keys.is_of(tenant, made, until=until)

    return [
        each
        for each in due(fresh_for=LATE_AFTER)
        if each.opened_at and each.opened_at <= limit and not was_fresh(each)
    ]


def oldest() -> datetime | None:
    """Return when the backup was made that is the oldest of all tenants' newest; None without tenants.

    Who has none yet counts from when it was opened, or from when the store became ours.
    """
    kept = own_store()
    last, ours = _newest_by_folder(kept), mark_of(kept).since
    return min(
        (
            last.get(folder_of(each)) or max(each.opened_at or ours, ours)
            for each in Tenant.objects.serving()
        ),
        default=None,
    )


def back_up(tenants: Sequence[Tenant], *, parallel: int) -> Iterator[Outcome]:
    """Back up these tenants, several at once, and yield how each went; then old ones go."""
    with ThreadPoolExecutor(max_workers=parallel) as hands:
        yield from hands.map(_one, tenants)


def prune(tenant: Tenant) -> list[str]:
    """Destroy backups beyond `BACKUP_KEEP` or older than `BACKUP_KEEP_DAYS`; the newest one stays.

    Final archives of those who have left are no backups: they stay.
    """
    kept = own_store()
    before = legacy_keys.kept_of(tenant, kept) if legacy_keys.may_be_destroyed(kept) else []
    keys = [key for key in [*before, *kept.keys(folder_of(tenant))] if key.endswith(BACKUP)]
    limit = clock.now() - timedelta(days=settings.BACKUP_KEEP_DAYS)
    many = keys[: -settings.BACKUP_KEEP]
    gone = [key for key in keys[:-1] if key in many or made_at(key) < limit]
    for key in gone:
        kept.delete(key)
    return gone


def newest(tenant: Tenant) -> str | None:
    """Return the key of a tenant's newest backup, or None."""
    keys = [key for key in own_store().keys(folder_of(tenant)) if key.endswith(BACKUP)]
    return keys[-1] if keys else None


class StoredArchives:
    """Keeps what departures leave, in the same store."""

    def store(self, tenant: Tenant) -> str:
        """Keep everything of a closed tenant for good and return where; safe to call again."""
        try:
            return keep(tenant, ending=FINAL)
        except FAILURES as error:
            raise StepBlocked(str(error)) from error

    def forget(self, tenant: Tenant) -> int:
        """Destroy every archive of a tenant: backups, exports, and what it left."""
        try:
            kept = own_store()
            keys = [*kept.keys(folder_of(tenant)), *_from_before(tenant, kept)]
            for key in keys:
                kept.delete(key)
            kept.tidy(folder_of(tenant), older_than=timedelta(0))
        except (NoStore, OSError) as error:
            raise StepBlocked(str(error)) from error
        return len(keys)


def _newest_by_folder(kept: Store) -> dict[str, datetime]:
    keys = [key for key in kept.keys("tenant-") if key.endswith(BACKUP)]  # sorted
    return {f"{key.partition('/')[0]}/": made_at(key) for key in keys}


def _from_before(tenant: Tenant, kept: Store) -> list[str]:
    keys = [*legacy_keys.kept_of(tenant, kept), *legacy_keys.exports_of(tenant)]
    if keys and not legacy_keys.may_be_destroyed(kept):
        raise StepBlocked(
            f"{len(keys)} of its archives are of an earlier release. If this store is ours alone: "
            f"manage.py backup --claim {settings.TENANT_BASE_DOMAIN}"
        )
    return keys


def _one(tenant: Tenant) -> Outcome:
    try:
        key = renew(tenant)
    except FAILURES as error:
        log.exception("backup failed", schema=tenant.schema_name)
        return Outcome(schema_name=tenant.schema_name, error=str(error))
    finally:
        connection.close()  # a thread's own
    return Outcome(schema_name=tenant.schema_name, key=key)
