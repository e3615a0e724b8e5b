"""An owner takes everything along: asked for, made by the worker, fetched until it expires."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import BinaryIO
from uuid import UUID

import structlog
from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core import clock, jobs, mail
from public_apps.core.errors import Refused
from public_apps.core.schema_context import in_public
from public_apps.core.sweeps import Sweep
from public_apps.tenants.archives import backup, legacy_keys, store_layout, writer
from public_apps.tenants.archives.store_ownership import own_store
from public_apps.tenants.archives.store_types import NoStore, NotKept
from public_apps.tenants.archives.stores import store
from public_apps.tenants.archives.work_directory import desk
from public_apps.tenants.models import Export, Tenant

log = structlog.get_logger(__name__)
READY = "export_ready"
EXPIRES_AFTER = timedelta(days=7)
UNFINISHED_AFTER = timedelta(minutes=30)
MOST_A_DAY = 3
MOST_ATTEMPTS = 3
# Earlier releases put credentials into exports: nobody may fetch those any more.
WITH_CREDENTIALS = Q(finished_at__isnull=False) & ~Q(stored_as__endswith=store_layout.EXPORT)


@transaction.atomic
def request_export(*, tenant: Tenant, by: User) -> Export:
    """Have an archive made; returns the one that is under way.

    Raises `errors.Refused` when enough were asked for in a day, or there is nowhere to keep one.
    """
    with in_public():
        under_way = Export.objects.filter(tenant=tenant, finished_at=None, failed_at=None)
        if not under_way.exists():
            _refuse_too_many(tenant)
        export, is_new = under_way.get_or_create(
            tenant=tenant, defaults={"asked_by": by.email, "language": by.language}
        )
        enqueue(export)
    if is_new:
        audit.record(actor=by, action="workspace.export_asked", target=tenant)
    return export


def kept_for(tenant: Tenant | None) -> QuerySet[Export]:
    """Return a tenant's exports that have not expired, newest first; to be read `in_public`."""
    unexpired = Export.objects.exclude(expires_at__lte=Now()).exclude(WITH_CREDENTIALS)
    return unexpired.filter(tenant=tenant).order_by("-asked_at", "-pk")


def current(tenant: Tenant) -> Export | None:
    """Return the export that was asked for last and has not expired, or None."""
    with in_public():
        return kept_for(tenant).first()


def make(export: Export, *, told: Callable[[int, int], None]) -> None:
    """Make the archive and promise the mail; safe to call again. `told` hears of parts done."""
    kept = own_store()
    key = f"{store_layout.folder_of(export.tenant)}{export.pk}{store_layout.EXPORT}"
    with desk() as folder:
        path = folder / "archive.zip"
        written = writer.export(export.tenant, to=path, credentials=False, progress=told)
        kept.put(key, path)
    with transaction.atomic():
        now = clock.now()
        waiting = Export.objects.filter(pk=export.pk, finished_at=None, failed_at=None)
        expires_at = now + EXPIRES_AFTER
        if waiting.update(finished_at=now, expires_at=expires_at, size=written.size, stored_as=key):
            mail.enqueue(
                kind=READY, key=str(export.pk), to=export.asked_by, language=export.language
            )


def proceed(export: Export) -> None:
    """Make an export that waits; after some failures it is given up, and the page says so.

    A try is counted before it begins, so that one that kills its worker comes to an end, too. What a
    failed one raises lets the queue try again.
    """
    waiting = Export.objects.filter(pk=export.pk, finished_at=None, failed_at=None)
    if export.attempts >= MOST_ATTEMPTS:
        waiting.update(failed_at=Now())
        return
    waiting.update(attempts=export.attempts + 1, done=0)
    try:
        make(export, told=lambda done, of: _tell(export, done, of))
    except backup.FAILURES:
        log.exception("export failed", export=str(export.pk))
        connection.close_if_unusable_or_obsolete()  # it may be what was lost
        if export.attempts + 1 < MOST_ATTEMPTS:
            raise
        waiting.update(failed_at=Now())


def fetch(*, tenant: Tenant, export_id: UUID | None = None, by: User) -> tuple[Export, BinaryIO]:
    """Open an archive that can be fetched now, the newest unless one is named.

    Raises `NotKept` if there is none, and `NoStore` if the store is out of reach.
    """
    with in_public():
        named = {} if export_id is None else {"pk": export_id}
        export = kept_for(tenant).filter(finished_at__isnull=False, **named).first()
    if export is None:
        raise NotKept("There is no archive to fetch.")
    archive = own_store().open(key_of(export))
    audit.record(actor=by, action="workspace.export_fetched", target=tenant)
    return export, archive


def forget_expired() -> None:
    """Destroy archives that nobody can fetch any more, and forget what failed as long ago."""
    Export.objects.filter(failed_at__lte=clock.now() - EXPIRES_AFTER).delete()
    EXPIRED.run()


def _expired() -> QuerySet[Export]:
    return Export.objects.filter(Q(expires_at__lte=Now()) | WITH_CREDENTIALS)


def _forget(export: Export) -> None:
    own_store().delete(key_of(export))
    export.delete()


def key_of(export: Export) -> str:
    """Return where an export lies in the store."""
    return export.stored_as or legacy_keys.export_key(export)


EXPIRED: Sweep[Export] = Sweep(
    name="forget_expired", rows=_expired, work=_forget, named=key_of, order=("expires_at",)
)


def enqueue(export: Export) -> None:
    """Enqueue an export unless it is waiting."""
    lock = f"export:{export.pk}"
    jobs.defer_once("archives.make_export", lock=lock, export_id=str(export.pk))


def _unfinished() -> QuerySet[Export]:
    long_ago = clock.now() - UNFINISHED_AFTER
    return Export.objects.filter(finished_at=None, failed_at=None, asked_at__lt=long_ago)


UNFINISHED: Sweep[Export] = Sweep(
    name="sweep_exports",
    rows=_unfinished,
    work=enqueue,
    named=lambda export: f"export {export.pk}",
    order=("asked_at",),
)


def _refuse_too_many(tenant: Tenant) -> None:
    try:
        store()
    except NoStore as error:
        raise Refused(_("Exports are not available just now.")) from error
    since = clock.now() - timedelta(days=1)
    if Export.objects.filter(tenant=tenant, asked_at__gt=since).count() >= MOST_A_DAY:
        raise Refused(_("That is enough for one day. Please try again tomorrow."))


def _tell(export: Export, done: int, of: int) -> None:
    Export.objects.filter(pk=export.pk).update(done=done, parts=of)
