"""What `manage.py check` says of our own settings, beyond what already stops the boot."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Info, Tags, Warning, register


@register(Tags.security)
def origins(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say which origins are left out of CSRF trust."""
    if not settings.CSRF_WILDCARDS_LEFT_OUT:
        return []
    return [
        Info(
            "CSRF_TRUSTED_ORIGINS holds a wildcard, which is not trusted: anyone can deploy there.",
            hint="List the exact origins that may post our forms.",
            id="concierge.I001",
        )
    ]


@register(Tags.security)
def visitors(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say what a frontend of its own does to limits by address."""
    if not settings.FRONTEND_URL or settings.FRONTEND_SECRETS:
        return []
    return [
        Info(
            "FRONTEND_URL is set and FRONTEND_SECRET is not: all who come through the frontend's "
            "server share one address, and one limit.",
            hint="Set one, and let the server hand its visitors' addresses on (docs/frontend.md).",
            id="concierge.I002",
        )
    ]


@register(Tags.security, deploy=True)
def operations(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Ask for what a production should not be without."""
    messages: list[CheckMessage] = []
    if not settings.METRICS_TOKEN:
        messages.append(Warning("METRICS_TOKEN is not set.", id="concierge.W001"))
    if not settings.OPS_ALERT_EMAILS:
        messages.append(Warning("OPS_ALERT_EMAILS is not set.", id="concierge.W002"))
    return messages
