"""The key in an invitation's link: made of the row's nonce and our secret key, never kept.

It is redeemed by POST, so mail scanners that follow links can't spend it. A new mail has a new nonce,
and the link of the mail before is dead.
"""

from __future__ import annotations

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils.crypto import constant_time_compare, salted_hmac

from public_apps.accounts.models import Invitation
from public_apps.core.schema_context import current

LARGEST_ID = 2**63 - 1


def open_invitations() -> QuerySet[Invitation]:
    """Return the invitations that can be accepted now."""
    waiting = Invitation.objects.filter(accepted_at=None, revoked_at=None)
    return waiting.filter(expires_at__gt=Now())


def key_of(invitation: Invitation) -> str:
    """Return the key that accepts this invitation, in the current schema and no other."""
    return f"{invitation.pk}-{_signature(invitation, settings.SECRET_KEY)}"


def find(key: str, *, lock: bool = False) -> Invitation | None:
    """Return the open invitation that `key` accepts, locked if asked for; None if there is none."""
    number, _dash, signature = key.partition("-")
    if not (number.isascii() and number.isdigit()) or int(number) > LARGEST_ID:
        return None
    known = open_invitations()
    known = known.select_for_update(of=("self",)) if lock else known
    found = known.select_related("invited_by").filter(pk=int(number)).first()
    if found is None:
        return None
    secrets = [str(key) for key in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)]
    good = [constant_time_compare(signature, _signature(found, secret)) for secret in secrets]
    return found if any(good) else None


def _signature(invitation: Invitation, secret: str) -> str:
    said = f"{current()}|{invitation.pk}|{invitation.nonce.hex}"
    return salted_hmac("concierge.invitation", said, secret=secret, algorithm="sha256").hexdigest()
