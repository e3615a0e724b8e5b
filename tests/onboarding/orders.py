"""Sign-ups as the checkout leaves them, without the checkout."""

from __future__ import annotations

import secrets
from typing import Any

from django.utils import timezone

from public_apps.onboarding.models import Signup


def fresh_label() -> str:
    """Return a name that nobody has."""
    return f"court-{secrets.token_hex(5)}"


def ordered(label: str = "", *, paid: bool = False, **fields: Any) -> Signup:
    """Hold a name for a buyer, and let them have paid."""
    label = label or fresh_label()
    return Signup.objects.create(
        organization="Sunny Court",
        requested_subdomain=label,
        subdomain=label,
        email=fields.pop("email", f"eleni@{label}.example"),
        first_name="Eleni",
        last_name="Papadaki",
        plan="professional",
        interval="month",
        paid_at=timezone.now() if paid else None,
        **fields,
    )
