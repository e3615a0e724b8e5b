"""Sessions whose keys the database does not hold: a row's key is a digest of what a browser sends.

The key of a session is a bearer token. Kept as it is, whoever reads a table, a replica or a dump could
act for everybody who is signed in. Both tables that hold one (Django's, and allauth's list of where
somebody is signed in) take the digest instead, where their column meets the database: whoever asks
for a key finds its row, and what comes out of the database opens nothing.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any

from allauth.core import context
from allauth.usersessions.models import UserSession
from django.contrib.sessions.backends import db
from django.contrib.sessions.models import Session
from django.db import models

if TYPE_CHECKING:
    CharField = models.CharField[str, str]
else:  # generic to the type checker only
    CharField = models.CharField

KEY_LENGTH = 32  # of a key, as Django makes them
DIGEST_LENGTH = 40  # as long as the columns are: 160 bits of a SHA-256


def digest_of(key: str) -> str:
    """Return what stands in the database for a session's key, of which nobody can guess one."""
    return hashlib.sha256(key.encode()).hexdigest()[:DIGEST_LENGTH]


class DigestField(CharField):
    """A session's key, kept as its digest; what is a digest already stays as it is."""

    def get_prep_value(self, value: Any) -> Any:
        """Return what the database is given, and asked for."""
        key = super().get_prep_value(value)
        return digest_of(key) if key and len(key) != DIGEST_LENGTH else key

    def deconstruct(self) -> Any:
        """Look the same to migrations as the field in whose place it stands."""
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.CharField", arguments, options


class SessionStore(db.SessionStore):
    """Django's own, which takes keys from outside and never a digest for one."""

    @classmethod
    def at(cls, digest: str) -> SessionStore:
        """Return the session that a row of ours names; for what we have read, not for what was sent."""
        store = cls()
        store._SessionBase__session_key = digest  # type: ignore[attr-defined]  # past the check below
        return store

    def _validate_session_key(self, key: str | None) -> bool:
        return bool(key) and len(str(key)) == KEY_LENGTH


def _store(_listed: UserSession, *keys: str) -> SessionStore:
    return SessionStore.at(*keys) if keys else SessionStore()


def _is_current(listed: UserSession) -> bool:
    key = context.request.session.session_key
    return bool(key) and digest_of(key) == listed.session_key


def hash_keys() -> None:
    """Let both tables hold digests from now on, in this process."""
    for model in (Session, UserSession):
        model._meta.get_field("session_key").__class__ = DigestField
    UserSession._session_store = _store
    UserSession.is_current = _is_current
