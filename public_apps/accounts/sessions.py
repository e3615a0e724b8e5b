"""Where somebody is signed in. The rows are allauth's; each belongs to a session of this schema."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from public_apps.accounts.models import User


@transaction.atomic
def end_all(user: User, *, but: str | None = None) -> int:
    """End all sessions of somebody, those of the API included, but one; return how many ended."""
    known = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    keys = list(known.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    known.delete()
    return len(keys)
