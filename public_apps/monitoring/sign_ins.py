"""Refused sign-ins, counted: many of them are somebody trying passwords."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.signals import user_login_failed
from django.dispatch import receiver

from public_apps.core import schema_context
from public_apps.monitoring import counters


@receiver(user_login_failed)
def count(**_sent: Any) -> None:
    """Count a refusal by where it happened, never by whom."""
    counters.SIGN_IN_FAILURES.add("public" if schema_context.is_public() else "tenant")
