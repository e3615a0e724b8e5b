"""Drift between Stripe and us, as the worker watches it: said once, until it is over."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.utils.translation import gettext_lazy as _

from billing import reconcile
from public_apps.monitoring import incidents

log = structlog.get_logger(__name__)
KIND = "drift"
MOST_LINES = 200
_DRIFT = incidents.kind(
    KIND,
    title=_("Stripe and New Concierge disagree"),
    advice=_(
        "Look at each with “manage.py reconcile”; “manage.py reconcile --fix” brings our side in "
        "line."
    ),
)


def mismatches() -> list[str]:
    """Compare all tenants with Stripe and return what differs, a line each; nothing is reported."""
    return [each.line for each in reconcile.differences()]


def report(lines: Sequence[str]) -> None:
    """Tell staff of differences that stand, once for as long as there are any; none ends it."""
    if lines:
        log.error("drift between Stripe and us", count=len(lines), lines=list(lines[:10]))
    incidents.report(_DRIFT, {"": lines} if lines else {})
