"""Keeping files: uploaded first, then taken by what they belong to, once, by their uploader alone."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.core import jobs, locks
from public_apps.core.errors import Invalid, Refused
from public_apps.core.schema_context import current
from tenant_apps.files import kinds
from tenant_apps.files.models import StoredContent, StoredFile

MIB = 1024 * 1024
LARGEST = 10 * MIB
MOST_WAITING = 50
WAITS = timedelta(days=1)


class QuotaReached(Refused):
    """The workspace keeps as many files as it may."""

    slug = "storage-full"


@transaction.atomic
def keep(upload: UploadedFile[Any], *, by: User) -> StoredFile:
    """Keep an uploaded file until something takes it; unless that happens, for one day.

    Raises `errors.Invalid` for what is empty, too large or of no kind that we keep, and
    `errors.Refused` when the workspace, or this person with files that wait, keeps too many.
    """
    data = _read(upload)
    kind = kinds.kind_of(data, name=upload.name or "")
    _check_room(len(data), by=by)
    stored = StoredFile.objects.create(
        name=kinds.fitting_name(upload.name or "", kind=kind),
        kind=kind,
        size=len(data),
        sha256=hashlib.sha256(data).hexdigest(),
        uploaded_by=by,
    )
    StoredContent.objects.create(file=stored, data=data)
    enqueue_sweep(wait=WAITS)
    return stored


def take(ids: Collection[UUID], *, by: User, field: str = "files") -> list[StoredFile]:
    """Take files that wait for their uploader, in the order asked, to attach them.

    Call it in the transaction that attaches them. Raises `errors.Invalid` on `field` for ids that
    are not waiting for this person: never uploaded, somebody else's, or taken before.
    """
    waiting = StoredFile.objects.select_for_update().filter(
        pk__in=ids, uploaded_by=by, attached_at__isnull=True
    )
    found = {stored.pk: stored for stored in waiting.order_by("pk")}
    if missing := [each for each in ids if each not in found]:
        message = _("No upload of yours with this id is waiting: {id}.").format(id=missing[0])
        raise Invalid(message, errors={field: [message]}, code="does_not_exist")
    StoredFile.objects.filter(pk__in=found).update(attached_at=timezone.now())
    return [found[each] for each in dict.fromkeys(ids)]


def discard(stored: StoredFile) -> None:
    """Delete a file and what is in it, for good."""
    stored.delete()


def sweep() -> int:
    """Delete what nobody took within a day; return how many files went."""
    old = StoredFile.objects.filter(attached_at__isnull=True, created_at__lt=timezone.now() - WAITS)
    _rows, by_model = old.delete()
    return by_model.get(StoredFile._meta.label, 0)


def enqueue_sweep(*, wait: timedelta) -> None:
    """Have the current schema swept after a while, unless that is already arranged."""
    schema = current()
    jobs.defer_once("files.sweep_waiting", lock=f"files:{schema}", wait=wait, schema_name=schema)


def _read(upload: UploadedFile[Any]) -> bytes:
    size = upload.size or 0
    if size > LARGEST:
        message = _("A file may have at most {size} MiB.").format(size=LARGEST // MIB)
        raise Invalid(message, errors={"file": [message]})
    if not size:
        message = _("This file is empty.")
        raise Invalid(message, errors={"file": [message]})
    upload.seek(0)
    return bytes(upload.read())


def _check_room(size: int, *, by: User) -> None:
    """Refuse what would be too much, with every other upload of the workspace waiting meanwhile."""
    locks.hold(f"{current()} files")
    if StoredFile.objects.filter(uploaded_by=by, attached_at=None).count() >= MOST_WAITING:
        raise Refused(_("Too many of your uploads are waiting. Attach them first."))
    kept = StoredFile.objects.aggregate(bytes=Sum("size"))["bytes"] or 0
    if kept + size > settings.TENANT_FILES_MIB * MIB:
        raise QuotaReached(_("The workspace's storage is full. Remove files that nobody needs."))
