"""One-time codes, for staff in public and for people in tenants alike: allauth.mfa, secrets sealed."""

from __future__ import annotations

from allauth.mfa.adapter import DefaultMFAAdapter

from public_apps.accounts.encryption import seal, unseal

PURPOSE = "concierge.second-factor"


class SecondFactorAdapter(DefaultMFAAdapter):
    """Keeps secrets sealed by `SECRET_KEY`: who reads a dump of the database can make no codes."""

    def encrypt(self, text: str) -> str:
        return seal(text, purpose=PURPOSE)

    def decrypt(self, encrypted_text: str) -> str:
        return unseal(encrypted_text, purpose=PURPOSE)
