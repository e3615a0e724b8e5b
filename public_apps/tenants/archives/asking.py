"""An owner takes everything along: asked on a page, made by the worker, fetched until it expires."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

import structlog
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core import jobs, mail
from public_apps.core.errors import Refused
from public_apps.core.schemas import in_public
from public_apps.tenants.archives import backup, exporting
from public_apps.tenants.archives.models import Export
from public_apps.tenants.archives.stores import NoStore, store
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
READY = "export_ready"
EXPIRES_AFTER = timedelta(days=7)
MOST_A_DAY = 3
MOST_ATTEMPTS = 3


@transaction.atomic
def ask(*, tenant: Tenant, by: User) -> Export:
    """Have an archive made; returns the one that is under way.

    Raises `errors.Refused` when enough were asked for in a day, or there is nowhere to keep one.
    """
    with in_public():
        try:
            store()
        except NoStore as error:
            raise Refused(_("Exports are not available just now.")) from error
        since = timezone.now() - timedelta(days=1)
        if Export.objects.filter(tenant=tenant, asked_at__gt=since).count() >= MOST_A_DAY:
            raise Refused(_("That is enough for one day. Please try again tomorrow."))
        export, is_new = Export.objects.get_or_create(
            tenant=tenant,
            finished_at=None,
            failed_at=None,
            defaults={"asked_by": by.email, "language": by.language},
        )
        wake(export)
    if is_new:
        audit.record(actor=by, action="workspace.export_asked", target=tenant)
    return export


def current(tenant: Tenant) -> Export | None:
    """Return the export that was asked for last and has not expired, or None."""
    with in_public():
        newest = Export.objects.filter(tenant=tenant).order_by("-asked_at").first()
    is_over = newest and newest.expires_at and newest.expires_at <= timezone.now()
    return None if is_over else newest


def make(export: Export, *, told: Callable[[int, int], None]) -> None:
    """Make the archive and promise the mail; safe to call again. `told` hears of parts done."""
    key = key_of(export)
    with tempfile.TemporaryDirectory(prefix="export-") as folder:
        path = Path(folder) / "archive.zip"
        written = exporting.export(export.tenant, to=path, progress=told)
        store().put(key, path)
    with transaction.atomic():
        now = timezone.now()
        waiting = Export.objects.filter(pk=export.pk, finished_at=None, failed_at=None)
        if waiting.update(finished_at=now, expires_at=now + EXPIRES_AFTER, size=written.size):
            mail.enqueue(
                kind=READY, key=str(export.pk), to=export.asked_by, language=export.language
            )


def proceed(export: Export) -> None:
    """Make an export that waits; after some failures it is given up, and the page says so."""
    Export.objects.filter(pk=export.pk).update(attempts=export.attempts + 1, done=0)
    try:
        make(export, told=lambda done, of: _tell(export, done, of))
    except backup.FAILURES:
        log.exception("export failed", export=str(export.pk))
        if export.attempts + 1 >= MOST_ATTEMPTS:
            waiting = Export.objects.filter(pk=export.pk, finished_at=None)
            waiting.update(failed_at=timezone.now())


def archive_of(tenant: Tenant) -> BinaryIO:
    """Open the archive that can be fetched now. Raises `NoStore` if there is none."""
    export = current(tenant)
    if export is None or export.finished_at is None:
        raise NoStore("There is no archive to fetch.")
    return store().open(key_of(export))


def forget_expired() -> None:
    """Destroy archives that nobody can fetch any more."""
    for export in Export.objects.filter(expires_at__lte=timezone.now()):
        store().delete(key_of(export))
        export.delete()


def key_of(export: Export) -> str:
    """Return where an export lies in the store."""
    return f"tenant-{export.tenant_id}/{export.pk}.export.zip"


def wake(export: Export) -> None:
    """Enqueue an export unless it is waiting."""
    from public_apps.tenants.archives.tasks import make_export

    lock = f"export:{export.pk}"
    jobs.defer_once(make_export, lock=lock, priority=jobs.LAST, export_id=str(export.pk))


def _tell(export: Export, done: int, of: int) -> None:
    Export.objects.filter(pk=export.pk).update(done=done, parts=of)
