"""Telling people by mail what became of their own account, and asking whether a new address is theirs.

All of it is promised in the outbox: no request waits for a mail server, or fails with it.
"""

from __future__ import annotations

import uuid

from allauth.account.models import EmailConfirmation
from django.db import transaction

from public_apps.accounts import outside_mails
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.schema_context import current, in_public, is_public

EMAIL_CHANGE = "email_change"
SECURITY = "security_notice"
# allauth's occasions that somebody should hear of, for it may not have been them.
OCCASIONS = {
    "account/email/email_changed": "email_changed",
    "account/email/password_changed": "password_changed",
    "mfa/email/totp_activated": "second_factor_on",
    "mfa/email/totp_deactivated": "second_factor_off",
    "mfa/email/recovery_codes_generated": "new_recovery_codes",
}


def enqueue_confirmation(confirmation: EmailConfirmation) -> None:
    """Promise the mail that asks whether a new address is this person's own.

    Raises `outside_mails.QuotaSpent`.
    """
    if not is_public():
        outside_mails.count_one()
    address = confirmation.email_address
    _promise(EMAIL_CHANGE, str(confirmation.pk), to=address.email, person=address.user)


def enqueue_notice(occasion: str, *, person: User, to: str = "") -> None:
    """Promise a word on something that only they should do; staff in public are told elsewhere."""
    if occasion in OCCASIONS and not is_public():
        told = f"{person.pk}:{OCCASIONS[occasion]}:{uuid.uuid4().hex}"
        _promise(SECURITY, told, to=to or person.email, person=person)


def _promise(kind: str, occurrence: str, *, to: str, person: User) -> None:
    key = f"{current()}:{occurrence}"
    with in_public(), transaction.atomic():
        mail.enqueue(kind=kind, key=key, to=to, language=person.language)
