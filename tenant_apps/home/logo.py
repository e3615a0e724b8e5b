"""The workspace's own sign, shown beside its name to whoever comes to its host."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.db import transaction
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.constraint_errors import refused_as
from public_apps.core.errors import Conflict, Invalid
from tenant_apps.files import actions as files
from tenant_apps.files.models import Kind, StoredFile
from tenant_apps.home.models import Logo

LARGEST_KIB = 512
PICTURES = frozenset({Kind.PNG, Kind.JPEG, Kind.WEBP})


def current() -> StoredFile | None:
    """Return the picture, or None while the workspace has none of its own."""
    logo = Logo.objects.select_related("file").first()
    return logo.file if logo else None


@transaction.atomic
def replace(*, upload: UploadedFile[Any], by: User) -> None:
    """Show this picture from now on; raises `Invalid` for what is none, or too large for a sign."""
    if (upload.size or 0) > LARGEST_KIB * 1024:
        raise _invalid(_("A logo may have at most {size} KiB.").format(size=LARGEST_KIB))
    stored = files.keep(upload, by=by)
    if stored.kind not in PICTURES:
        raise _invalid(_("A logo is a PNG, JPEG or WebP picture."))
    files.take([stored.pk], by=by, field="logo")
    _clear()
    with refused_as(one_logo=Conflict(_("Somebody else has just changed the logo."))):
        Logo.objects.create(file=stored)
    audit.record(actor=by, action="workspace.logo_changed", target=stored.name)


@transaction.atomic
def remove(*, by: User) -> None:
    """Go back to our own sign; nothing happens if that is shown already."""
    if _clear():
        audit.record(actor=by, action="workspace.logo_removed")


def _clear() -> bool:
    # Locked, so that of two at once the second sees what the first has left.
    logo = Logo.objects.select_for_update(of=("self",)).select_related("file").first()
    if logo is None:
        return False
    logo.delete()
    files.discard(logo.file)
    return True


def _invalid(message: str) -> Invalid:
    return Invalid(message, errors={"logo": [message]})
