"""One-time keys to set a password, for the welcome mail and for a reset alike.

A key dies with the first password set, the first sign-in, or after `PASSWORD_RESET_TIMEOUT`.
It is redeemed by POST, so mail scanners that follow links can't spend it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from allauth.account.utils import url_str_to_user_pk, user_pk_to_url_str
from django.conf import settings
from django.contrib.auth.tokens import PasswordResetTokenGenerator

from public_apps.accounts.models import User
from public_apps.core import clock
from public_apps.core.schema_context import current


class PasswordKeyGenerator(PasswordResetTokenGenerator):
    """Binds a key to its schema as well: user 1 exists in every tenant."""

    def check_token(self, user: Any, token: str | None) -> bool:
        """Whether the key may set this person's password; somebody who was let go has no key."""
        return user is not None and user.is_active and super().check_token(user, token)

    def _make_hash_value(self, user: Any, timestamp: int) -> str:
        return f"{current()}|{super()._make_hash_value(user, timestamp)}"


def new_key(user: User) -> str:
    """Return a key for `user` of the current schema, in the form that allauth's API takes too."""
    return f"{user_pk_to_url_str(user)}-{PasswordKeyGenerator().make_token(user)}"


def expires_at() -> datetime:
    """Return when a key made now stops working."""
    return clock.now() + timedelta(seconds=settings.PASSWORD_RESET_TIMEOUT)


def user_of(key: str, *, lock: bool = False) -> User | None:
    """Return whose password `key` may set in the current schema, or None if it is spent or wrong.

    With `lock` the row is held, so that two redemptions at once leave one winner.
    """
    uid, _, token = key.partition("-")
    try:
        pk = url_str_to_user_pk(uid)
    except (ValueError, OverflowError):
        return None
    people = User.objects.select_for_update() if lock else User.objects.all()
    user = people.filter(pk=pk).first()
    return user if PasswordKeyGenerator().check_token(user, token) else None
