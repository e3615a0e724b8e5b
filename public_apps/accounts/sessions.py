"""Where somebody is signed in. The rows are allauth's; each belongs to a session of this schema."""

from __future__ import annotations

from datetime import timedelta

from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.db.models.functions import Now

from public_apps.accounts.models import User
from public_apps.core import clearing, clock

# Whoever is signing in just now has the one row before the other.
SETTLED_AFTER = timedelta(hours=1)


@transaction.atomic
def end_all(user: User, *, but: str | None = None) -> int:
    """End all sessions of somebody, those of the API included, but one; return how many ended."""
    known = UserSession.objects.filter(user=user).exclude(session_key=but or "")
    keys = list(known.values_list("session_key", flat=True))
    Session.objects.filter(session_key__in=keys).delete()
    known.delete()
    return len(keys)


def forget_ended() -> int:
    """Forget this schema's sessions that have run out, or were ended; return how many rows it was."""
    ended = clearing.delete(Session.objects.filter(expire_date__lt=Now()))
    lives = Session.objects.filter(session_key=OuterRef("session_key"))
    settled = UserSession.objects.filter(last_seen_at__lt=clock.now() - SETTLED_AFTER)
    return ended + clearing.delete(settled.filter(~Exists(lives)))
