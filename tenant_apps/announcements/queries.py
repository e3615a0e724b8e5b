"""Announcements as their readers find them."""

from __future__ import annotations

from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from public_apps.accounts.models import User
from tenant_apps.announcements.models import Announcement, Read, State
from tenant_apps.buildings import queries as buildings


def for_reader(user: User) -> QuerySet[Announcement]:
    """Return all announcements, each with this person's `read_at`, and how many have read it."""
    mine = Read.objects.filter(announcement=OuterRef("pk"), user=user.pk)
    everybodys = Read.objects.filter(announcement=OuterRef("pk")).order_by()
    counted = everybodys.values("announcement").annotate(count=Count("pk")).values("count")
    return Announcement.objects.select_related("author", "building").annotate(
        read_at=Subquery(mine.values("read_at")[:1]),
        read_by=Coalesce(Subquery(counted, output_field=IntegerField()), 0),
    )


def meant_for(user: User, among: QuerySet[Announcement]) -> QuerySet[Announcement]:
    """Narrow announcements down to those published now for a resident's buildings, or for all."""
    audience = Q(building=None) | Q(building__in=buildings.buildings_of(user))
    return in_state(State.PUBLISHED, among).filter(audience)


def in_state(state: str, among: QuerySet[Announcement]) -> QuerySet[Announcement]:
    """Narrow announcements down to those that stand there in time now."""
    now = timezone.now()
    if state == State.SCHEDULED:
        return among.filter(publish_at__gt=now)
    if state == State.EXPIRED:
        return among.filter(publish_at__lte=now, expires_at__lte=now)
    unexpired = Q(expires_at=None) | Q(expires_at__gt=now)
    return among.filter(unexpired, publish_at__lte=now)


def unread_by(user: User) -> QuerySet[Announcement]:
    """Return what is published for a resident and not yet read, newest first, pinned ones on top."""
    unread = meant_for(user, for_reader(user)).exclude(reads__user=user.pk)
    return unread.order_by("-pinned", "-publish_at", "-pk")
