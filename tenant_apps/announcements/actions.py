"""Writes about announcements."""

from __future__ import annotations

from datetime import datetime
from typing import TypedDict, Unpack

from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core.constraint_errors import refused_as
from public_apps.core.errors import Invalid
from tenant_apps.announcements.models import Announcement, Read
from tenant_apps.buildings.models import Building


class AnnouncementFields(TypedDict, total=False):
    """What can be said of an announcement."""

    title: str
    body: str
    building: Building | None
    publish_at: datetime
    expires_at: datetime | None
    pinned: bool


def post(*, by: User, **fields: Unpack[AnnouncementFields]) -> Announcement:
    """Post an announcement, now or for later; raises `Invalid` if it would expire before it appears."""
    return _kept(Announcement(author=by), fields)


def change(*, announcement: Announcement, **fields: Unpack[AnnouncementFields]) -> Announcement:
    """Change what is given of a locked announcement; raises as `post` does. Read marks stay."""
    return _kept(announcement, fields)


def withdraw(*, announcement: Announcement, by: User) -> None:
    """Delete an announcement with its read marks."""
    audit.record(actor=by, action="announcement.withdrawn", target=announcement)
    announcement.delete()


def mark_read(*, announcement: Announcement, by: User) -> None:
    """Note that somebody has read it; the first time counts, and nothing that support opens."""
    if not audit.impersonator():
        Read.objects.get_or_create(announcement=announcement, user=by)


def _kept(announcement: Announcement, fields: AnnouncementFields) -> Announcement:
    for name, value in fields.items():
        setattr(announcement, name, value)
    announcement.full_clean(validate_constraints=False)
    message = _("It can't expire before it appears.")
    refusal = Invalid(message, errors={"expires_at": [message]})
    with refused_as(announcement_expires_after_it_appears=refusal):
        announcement.save()
    return announcement
