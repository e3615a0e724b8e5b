"""What the audit log hears of signing in: who did, who was refused, and what changed of their keys.

In public our staff's own rooms tell when somebody has come in, and what became of their app.
"""

from __future__ import annotations

from typing import Any

from allauth.mfa import signals as second_factor
from allauth.mfa.models import Authenticator
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from public_apps.accounts.models import User
from public_apps.audit import audit
from public_apps.core import email_addresses
from public_apps.core.schema_context import is_public

# Who was refused is nobody that we know.
SOMEBODY = "sign-in"


@receiver(user_logged_in)
def record_sign_in(user: User, request: HttpRequest, **_sent: Any) -> None:
    """Tell that somebody came in, and from where."""
    if not is_public():
        audit.record(actor=user, action="member.signed_in", detail=_from(request))


@receiver(user_login_failed)
def record_refusal(
    credentials: dict[str, Any], request: HttpRequest | None = None, **_sent: Any
) -> None:
    """Tell of a wrong password for somebody who is there; strangers' guesses would only fill the log.

    Tries at one account are bounded (`sign_in_throttling`), and so are these entries.
    """
    said = credentials.get("email") or credentials.get("username") or ""
    account = User.objects.filter(email__iexact=email_addresses.known(str(said))).first()
    if account is not None:
        _refused("password", account, request)


@receiver(second_factor.authentication_failed)
def record_wrong_code(user: User, request: HttpRequest, **_sent: Any) -> None:
    """Tell of a wrong one-time code after the right password, or to confirm who it is."""
    _refused("code", user, request)


@receiver(second_factor.authenticator_added)
def record_new_factor(user: User, authenticator: Authenticator, **_sent: Any) -> None:
    """Tell that somebody has another second factor."""
    _factor(user, authenticator, "on")


@receiver(second_factor.authenticator_removed)
def record_lost_factor(user: User, authenticator: Authenticator, **_sent: Any) -> None:
    """Tell that somebody has one second factor less."""
    _factor(user, authenticator, "off")


@receiver(second_factor.authenticator_reset)
def record_new_codes(user: User, authenticator: Authenticator, **_sent: Any) -> None:
    """Tell that somebody has new recovery codes."""
    _factor(user, authenticator, "renewed")


def record_new_password(user: User) -> None:
    """Tell that somebody has another password; call it in the transaction that sets it."""
    whose = "staff" if is_public() else "member"
    audit.record(actor=user, action=f"{whose}.password_set", target=user)


def _refused(what: str, account: User, request: HttpRequest | None) -> None:
    whose = "staff" if is_public() else "member"
    detail = {"wrong": what, **_from(request)}
    audit.record(actor=SOMEBODY, action=f"{whose}.sign_in_refused", target=account, detail=detail)


def _factor(user: User, authenticator: Authenticator, became: str) -> None:
    if not is_public():
        detail = {"type": authenticator.type}
        audit.record(actor=user, action=f"second_factor.{became}", target=user, detail=detail)


def _from(request: HttpRequest | None) -> dict[str, str]:
    address = request.META.get("REMOTE_ADDR", "") if request else ""
    return {"from": address} if address else {}
