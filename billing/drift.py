"""Drift between Stripe and us, as the worker watches it: said once, until it is over."""

from __future__ import annotations

from collections.abc import Sequence

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from billing import reconcile
from billing.models import Incident
from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail

log = structlog.get_logger(__name__)
KIND = "drift"
MOST_LINES = 200


def seen() -> list[str]:
    """Compare all tenants with Stripe and return what differs, a line each; nothing is reported."""
    return [each.line for each in reconcile.differences()][:MOST_LINES]


def report(lines: Sequence[str]) -> None:
    """Tell staff of differences that stand, once for as long as there are any; none ends it."""
    if not lines:
        Incident.objects.filter(kind=KIND, closed_at=None).update(closed_at=timezone.now())
        return
    log.error("drift between Stripe and us", count=len(lines), lines=list(lines[:10]))
    with transaction.atomic():
        incident, opened = Incident.objects.get_or_create(
            kind=KIND, closed_at=None, defaults={"lines": list(lines)}
        )
        if opened:
            _mail_staff(incident)
            return
        incident.lines = list(lines)
        incident.seen_at = timezone.now()
        incident.save(update_fields=["lines", "seen_at"])


def _mail_staff(incident: Incident) -> None:
    for address in settings.OPS_ALERT_EMAILS:
        mail.enqueue(
            kind=KIND,
            key=f"{incident.pk}:{address}",
            to=address,
            language=settings.LANGUAGE_CODE,
        )


@mail.composes(KIND)
def compose(outgoing: OutgoingMail) -> Content | None:
    """Say what differs; None if it is over before the mail could leave."""
    incident = Incident.objects.get(pk=outgoing.key.partition(":")[0])
    if incident.closed_at:
        return None
    context = {"opened_at": incident.opened_at, "lines": incident.lines}
    return Content(template="drift", context=context)
