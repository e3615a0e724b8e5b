"""The order slip: what a purchase says of itself at Stripe, enough to open its workspace once more.

Should our database be lost, this is all that is left of whoever bought since its last dump. Nobody's
address or name is in it: those stand on Stripe's customer.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.conf import settings

from public_apps.onboarding.models import Signup

SAID = ("organization", "subdomain", "plan", "interval", "language")


@dataclass(frozen=True, kw_only=True)
class OrderSlip:
    """An order as Stripe has kept it; fields are empty that an earlier release did not write."""

    signup_id: UUID
    base_domain: str
    organization: str
    subdomain: str
    plan: str
    interval: str
    language: str

    @property
    def is_ours(self) -> bool:
        """Whether it was ordered here: one account at Stripe may serve a copy of us, too."""
        return self.base_domain in {"", settings.TENANT_BASE_DOMAIN}

    @property
    def is_whole(self) -> bool:
        """Whether it says all that a workspace needs."""
        return bool(self.base_domain and self.organization and self.subdomain)


def of(signup: Signup) -> dict[str, str]:
    """Return the slip of a sign-up, as Stripe's metadata has it."""
    said = {name: str(getattr(signup, name)) for name in SAID}
    return {"signup_id": str(signup.pk), "base_domain": settings.TENANT_BASE_DOMAIN, **said}


def read(document: Mapping[str, Any]) -> OrderSlip | None:
    """Return the slip of a session or a subscription at Stripe, or None if it bears none."""
    said = document.get("metadata") or {}
    try:
        signup_id = UUID(str(said.get("signup_id")))
    except ValueError:
        return None
    told = {name: str(said.get(name) or "") for name in ("base_domain", *SAID)}
    return OrderSlip(signup_id=signup_id, **told)
