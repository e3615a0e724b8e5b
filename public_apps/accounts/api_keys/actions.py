"""Making and revoking API keys. Only a digest is kept: a key is shown once."""

from __future__ import annotations

import secrets
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from public_apps.accounts.api_key_authentication import digest_of
from public_apps.accounts.models import ApiKey, Role, User
from public_apps.accounts.token_authentication import API_KEY_MARK
from public_apps.audit import audit
from public_apps.core import clock
from public_apps.core.errors import Forbidden, Invalid

MOST_KEYS = 50


@transaction.atomic
def make(
    *, user: User, name: str, role: str, expires_at: datetime | None = None
) -> tuple[ApiKey, str]:
    """Make a key for somebody's machine; return the row and the key, which can't be read again.

    Raises `errors.Forbidden` for a role above their own and for whoever was let go, `errors.Invalid`
    for a time that is past and for too many keys.
    """
    # Not the whole row's lock: whoever asks holds it for this very request.
    user = User.objects.select_for_update(no_key=True).get(pk=user.pk)
    if not user.is_active:
        raise Forbidden(_("What you may do here has changed a moment ago."))
    if Role(role).is_above(user.role):
        raise Forbidden(_("A key's role can't be above your own."))
    if expires_at and expires_at <= clock.now():
        message = _("This moment is past.")
        raise Invalid(message, errors={"expires_at": [message]})
    if user.api_keys.filter(revoked_at=None).count() >= MOST_KEYS:
        message = _("You have too many keys. Revoke one first.")
        raise Invalid(message, errors={"name": [message]})
    prefix = f"{API_KEY_MARK}{secrets.token_hex(4)}"
    secret = f"{prefix}_{secrets.token_urlsafe(32)}"
    key = ApiKey.objects.create(
        user=user, name=name, role=role, prefix=prefix, digest=digest_of(secret),
        expires_at=expires_at,
    )  # fmt: skip
    audit.record(actor=user, action="api_key.made", target=key, detail={"role": role})
    return key, secret


@transaction.atomic
def revoke(*, key: ApiKey, by: User) -> ApiKey:
    """Revoke a key; it opens nothing from now on. Safe to call again."""
    held = ApiKey.objects.select_for_update(of=("self",)).select_related("user").get(pk=key.pk)
    if held.revoked_at is None:
        held.revoked_at = clock.now()
        held.save(update_fields=["revoked_at"])
        audit.record(actor=by, action="api_key.revoked", target=held)
    return held
