"""`Authorization: Bearer nc_…`: an API key, looked up in the schema of the request's tenant alone.

Views take keys only if they name this class: the subscription, passwords, one-time codes and sessions
don't, and the table of permissions keeps keys away from roles and from other keys.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from public_apps.accounts.models import ApiKey, Role, User
from public_apps.accounts.token_authentication import API_KEY_MARK
from public_apps.audit import audit

NOTED_EVERY = timedelta(minutes=1)


@dataclass(frozen=True)
class Machine:
    """What acts by a key: in which role, and which its person has."""

    key: ApiKey
    role: str
    person_role: str


class ApiKeyAuthentication(BaseAuthentication):
    """Signs a machine in by its key; a key that opens nothing is refused with 401."""

    def authenticate(self, request: Request) -> tuple[User, Machine] | None:
        scheme, _space, secret = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not secret.strip().startswith(API_KEY_MARK):
            return None
        machine = identify(secret.strip())
        if machine is None:
            raise AuthenticationFailed(_("This key is not valid here."))
        return machine.key.user, machine

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def identify(secret: str) -> Machine | None:
    """Return who acts by this key of the current schema, noting its use; None if it opens nothing.

    A key never reaches further than its person does now; and its person, as this request meets them,
    no further than the key.
    """
    known = ApiKey.objects.select_related("user").annotate(asked_at=Now())
    key = known.filter(digest=digest_of(secret)).first()
    if key is None or key.revoked_at or (key.expires_at and key.expires_at <= key.asked_at):
        return None
    if not key.user.is_active:
        return None
    _note_use(key, key.asked_at)
    audit.name_api_key(str(key))
    person_role = key.user.role
    key.user.role = person_role if Role(key.role).is_above(person_role) else key.role
    return Machine(key, role=key.user.role, person_role=person_role)


def _note_use(key: ApiKey, now: datetime) -> None:
    """Write the time at most once in a while: a busy machine must not write with every request."""
    long_ago = now - NOTED_EVERY
    if key.last_used_at is None or key.last_used_at <= long_ago:
        stale = Q(last_used_at=None) | Q(last_used_at__lte=long_ago)
        ApiKey.objects.filter(stale, pk=key.pk).update(last_used_at=now)


def digest_of(secret: str) -> str:
    """Return what is kept of a key."""
    # 256 random bits: nothing to guess, so a plain digest is enough.
    return hashlib.sha256(secret.encode()).hexdigest()
