"""Requests as people find them."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from public_apps.accounts.models import User
from tenant_apps.requests.actions import DESK
from tenant_apps.requests.models import Comment, ServiceRequest


def everything() -> QuerySet[ServiceRequest]:
    """Return all requests with whom and what they are about."""
    return ServiceRequest.objects.select_related(
        "building", "apartment", "opened_by", "assigned_to"
    ).prefetch_related("attachments__file")


def opened_by(user: User, among: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    """Narrow requests down to those that somebody has opened."""
    return among.filter(opened_by=user)


def under_way(among: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
    """Narrow requests down to those that have not ended."""
    return among.filter(ended_at=None)


def open_for(user: User) -> QuerySet[ServiceRequest]:
    """Return what is under way and concerns somebody: all for the desk, their own for residents."""
    found = under_way(everything())
    return (found if user.role in DESK else opened_by(user, found)).order_by("-created_at", "-pk")


def comments_on(request: ServiceRequest, *, desk: bool) -> QuerySet[Comment]:
    """Return what was said, oldest first; internal comments only for those who look after it."""
    shown = Q() if desk else Q(internal=False)
    return Comment.objects.filter(shown, request=request).select_related("author")


def desk() -> QuerySet[User]:
    """Return who may look after requests."""
    return User.objects.filter(role__in=DESK, is_active=True).order_by("last_name", "first_name")
