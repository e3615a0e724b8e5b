"""Backups and the restore test, by the clock; nothing happens without a store."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.conf import settings

from public_apps.core import jobs, sweeps
from public_apps.tenants.archives import backup, exports, restore_test
from public_apps.tenants.archives.store_ownership import NotOurs, own_store
from public_apps.tenants.models import Export

log = structlog.get_logger(__name__)
NIGHTLY = timedelta(hours=20)
# Longer than any archive takes on its way into the store.
ABANDONED_AFTER = timedelta(days=1)


@jobs.periodic("archives.back_up_all", cron="13 1 * * *", rank=jobs.LAST, sweeps=("back_up_all",))
def back_up_all(timestamp: int) -> None:
    """Back up every tenant that has no backup of this night, whoever waits longest first."""
    if _is_ours():
        due = backup.due(fresh_for=NIGHTLY)
        # Transactions of its own, and long ones: pg_dump works beside us.
        sweeps.sweep(
            "back_up_all", due, backup.renew, named=lambda each: each.schema_name, atomic=False
        )
        own_store().tidy(older_than=ABANDONED_AFTER)


@jobs.periodic(
    "archives.rehearse_restore", cron="43 3 * * *", rank=jobs.LAST, sweeps=("rehearse_restore",)
)
def rehearse_restore(timestamp: int) -> None:
    """Restore one tenant's newest backup to see whether it can be done."""
    if _is_ours():
        restore_test.rehearse()


@jobs.task("archives.make_export", rank=jobs.LAST, lasting=True)
def make_export(export_id: str) -> None:
    """Make one owner's export, unless that is done."""
    export = Export.objects.filter(pk=export_id, finished_at=None, failed_at=None).first()
    if export is not None:
        exports.proceed(export)


@jobs.periodic(
    "archives.sweep_exports",
    cron="*/5 * * * *",
    rank=jobs.HOUSEKEEPING,
    sweeps=("sweep_exports", "forget_expired"),
)
def sweep_exports(timestamp: int) -> None:
    """Take up what a crash has left unfinished, and destroy what has expired."""
    if _is_ours():
        sweeps.each(exports.UNFINISHED.run, exports.forget_expired)


def _is_ours() -> bool:
    """Whether there is a store to work in; of another's, staff are told by `backups_old`."""
    if not settings.ARCHIVE_STORE:
        return False
    try:
        own_store()
    except NotOurs as error:
        log.warning("store for archives untouched", error=str(error))
        return False
    return True
