"""Files as they are looked up."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Min, QuerySet
from django.utils import timezone

from public_apps.accounts.models import User
from tenant_apps.files.actions import WAITS
from tenant_apps.files.models import StoredFile


def waiting_for(user: User) -> QuerySet[StoredFile]:
    """Return this person's uploads that nothing has taken yet."""
    return StoredFile.objects.filter(uploaded_by=user, attached_at=None)


def longest_wait() -> timedelta | None:
    """Return when the oldest upload that waits has waited for a day; None if none waits."""
    oldest = StoredFile.objects.filter(attached_at=None).aggregate(at=Min("created_at"))["at"]
    if oldest is None:
        return None
    left: timedelta = oldest + WAITS - timezone.now()
    return max(left, timedelta(seconds=1))
