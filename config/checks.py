"""What `manage.py check` says of our own settings, beyond what already stops the boot."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.checks import ERROR, CheckMessage, Error, Info, Tags, Warning, register

from public_apps.core import own_session
from public_apps.tenants import platform_domains


def judge_at_start() -> None:
    """Say on stderr what is not well before the web serves; end the process for what is unsafe.

    Commands have Django's own checks for this, the worker included.
    """
    for message in (*sessions(None), *base_domain(None)):
        if message.level >= ERROR:
            sys.exit(f"New Concierge does not start: {message.msg}")
        sys.stderr.write(f"{message}\n")


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


@register(Tags.security)
def base_domain(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Say that workspaces' own addresses can't be reached below a platform's domain."""
    base = settings.TENANT_BASE_DOMAIN
    platform = platform_domains.platform_of(base)
    if platform is None:
        return []
    return [
        Warning(
            f"TENANT_BASE_DOMAIN is {base}: nobody can add the wildcard *.{base} below {platform}, "
            "so no workspace can be reached at its own address.",
            hint="Set a domain of your own; until then, only a frontend by X-Tenant-Host reaches them.",
            id="concierge.W003",
        )
    ]


@register(Tags.security)
def sessions(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Refuse a pooler that shares sessions; a database that is away is no matter of this check."""
    if not own_session.is_shared():
        return []
    return [Error(own_session.REFUSAL, id="concierge.E001")]


@register(Tags.security, deploy=True)
def operations(app_configs: Sequence[Any] | None, **kwargs: Any) -> list[CheckMessage]:
    """Ask for what a production should not be without."""
    messages: list[CheckMessage] = []
    if not settings.METRICS_TOKEN:
        messages.append(Warning("METRICS_TOKEN is not set.", id="concierge.W001"))
    if not settings.OPS_ALERT_EMAILS:
        messages.append(Warning("OPS_ALERT_EMAILS is not set.", id="concierge.W002"))
    return messages
