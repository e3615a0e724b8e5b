"""One-time codes, for staff in public and for people in tenants alike: allauth.mfa, secrets sealed."""

from __future__ import annotations

from typing import Any

from allauth.mfa import app_settings
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.totp.internal import auth
from django.core.cache import cache
from django.utils.crypto import salted_hmac

from public_apps.accounts.encryption import seal, unseal

PURPOSE = "concierge.second-factor"


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps secrets sealed by `SECRET_KEY`: who reads a dump of the database can make no codes."""

    def encrypt(self, text: str) -> str:
        return seal(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, purpose=PURPOSE)


def take_each_code_once() -> None:
    """Have allauth refuse a code that was seen before, for as long as it would take it (RFC 6238 5.2).

    By itself it forgets one after half a minute, where the tolerance lets it count for a minute and a
    half, and takes the one that enrolled the app for a sign-in as well. All of its doors come by this
    function, and there is no setting for it.
    """
    is_right = auth.validate_totp_code

    def is_right_and_new(secret: str, code: str) -> bool:
        return is_right(secret, code) and _is_first_use(secret, auth.normalize_user_code(code))

    auth.validate_totp_code = is_right_and_new


def _is_first_use(secret: str, code: str) -> bool:
    used = salted_hmac(f"{PURPOSE}.used", f"{secret}:{code}", algorithm="sha256").hexdigest()
    settings: Any = app_settings  # an object that the type checker takes for a module
    taken_for = settings.TOTP_PERIOD * (2 * settings.TOTP_TOLERANCE + 1)
    return bool(cache.add(f"totp-used:{used}", "y", timeout=taken_for))
