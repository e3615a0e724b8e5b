"""Backups of every tenant, each by itself: side by side, taken up again where a run was cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.utils import timezone

from public_apps.tenants.archives import exporting, pgdump
from public_apps.tenants.archives.desk import desk
from public_apps.tenants.archives.stores import NoStore, store
from public_apps.tenants.lifecycle.doors import Hindered
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
STAMP = "%Y%m%dT%H%M%S.%fZ"
BACKUP, FINAL = ".backup.zip", ".final.zip"
# Two nights: one may be missed by a release at the wrong moment.
LATE_AFTER = timedelta(days=2)
FAILURES = (NoStore, pgdump.NoDump, psycopg.Error, DatabaseError, OSError)


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How one tenant's backup went: no error means that it is in the store."""

    schema_name: str
    key: str = ""
    error: str = ""


def folder_of(tenant: Tenant) -> str:
    """Return where in the store everything of a tenant lies; its schema may change, this doesn't."""
    return f"tenant-{tenant.pk}/"


def keep(tenant: Tenant, *, ending: str) -> str:
    """Export a tenant into the store and return the key. Raises what is in `FAILURES`."""
    kept = store()
    key = f"{folder_of(tenant)}{timezone.now().astimezone(UTC).strftime(STAMP)}{ending}"
    with desk() as folder:
        written = exporting.export(tenant, to=folder / "archive.zip")
        kept.put(key, written.path)
    return key


def due(*, fresh_for: timedelta) -> list[Tenant]:
    """Return tenants in use whose newest backup is older than that, or that have none."""
    limit = timezone.now() - fresh_for
    newest: dict[str, datetime] = {}
    for key in store().keys():  # noqa: SIM118 - a store is no dict
        if key.endswith(BACKUP):
            newest[f"{key.partition('/')[0]}/"] = made_at(key)
    tenants = Tenant.objects.serving().order_by("pk")
    return [each for each in tenants if newest.get(folder_of(each), limit) <= limit]


def late() -> list[Tenant]:
    """Return tenants that have been in use for two days and have no backup as young as that."""
    limit = timezone.now() - LATE_AFTER
    return [
        each for each in due(fresh_for=LATE_AFTER) if each.opened_at and each.opened_at <= limit
    ]


def back_up(tenants: Sequence[Tenant], *, parallel: int) -> Iterator[Outcome]:
    """Back up these tenants, several at once, and yield how each went; then old ones go."""
    with ThreadPoolExecutor(max_workers=parallel) as hands:
        yield from hands.map(_one, tenants)


def prune(tenant: Tenant) -> list[str]:
    """Destroy backups beyond `BACKUP_KEEP` or older than `BACKUP_KEEP_DAYS`; the newest one stays.

    Final archives of those who have left are no backups: they stay.
    """
    kept = store()
    keys = [key for key in kept.keys(folder_of(tenant)) if key.endswith(BACKUP)]
    limit = timezone.now() - timedelta(days=settings.BACKUP_KEEP_DAYS)
    many = keys[: -settings.BACKUP_KEEP]
    gone = [key for key in keys[:-1] if key in many or made_at(key) < limit]
    for key in gone:
        kept.delete(key)
    return gone


def newest(tenant: Tenant) -> str | None:
    """Return the key of a tenant's newest backup, or None."""
    keys = [key for key in store().keys(folder_of(tenant)) if key.endswith(BACKUP)]
    return keys[-1] if keys else None


def made_at(key: str) -> datetime:
    """Return when a backup was made, by its key."""
    stamp = key.rpartition("/")[2].removesuffix(BACKUP)
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)


class StoreVault:
    """Keeps what departures leave, in the same store."""

    def store(self, tenant: Tenant) -> str:
        """Keep everything of a closed tenant for good and return where; safe to call again."""
        try:
            return keep(tenant, ending=FINAL)
        except FAILURES as error:
            raise Hindered(str(error)) from error

    def forget(self, tenant: Tenant) -> int:
        """Destroy every archive of a tenant: backups, exports, and what it left."""
        try:
            kept = store()
            keys = kept.keys(folder_of(tenant))
            for key in keys:
                kept.delete(key)
            kept.tidy(folder_of(tenant), older_than=timedelta(0))
        except (NoStore, OSError) as error:
            raise Hindered(str(error)) from error
        return len(keys)


def _one(tenant: Tenant) -> Outcome:
    try:
        key = keep(tenant, ending=BACKUP)
        prune(tenant)
    except FAILURES as error:
        log.exception("backup failed", schema=tenant.schema_name)
        return Outcome(schema_name=tenant.schema_name, error=str(error))
    finally:
        connection.close()  # a thread's own
    return Outcome(schema_name=tenant.schema_name, key=key)
