"""Mails to owners whose workspace is about to leave."""

from __future__ import annotations

from public_apps.core import mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.tenants import links
from public_apps.tenants.models import Aim, Departure
from public_apps.tenants.offboarding import departures, retention


@mail.composes(retention.NOTICE)
def retention_notice(outgoing: OutgoingMail) -> Content | None:
    """Say until when the workspace is kept; None once that is over or undone."""
    departure = _open(outgoing, aim=Aim.ARCHIVE)
    if departure is None:
        return None
    return _content("retention_notice", departure, "subscription")


@mail.composes(departures.ASKED)
def erasure_asked(outgoing: OutgoingMail) -> Content | None:
    """Say that somebody asked for the workspace to be deleted, and until when that can be undone."""
    departure = _open(outgoing, aim=Aim.ERASURE)
    if departure is None:
        return None
    return _content("erasure_asked", departure, "deletion")


def _open(outgoing: OutgoingMail, *, aim: Aim) -> Departure | None:
    pk = outgoing.key.partition(":")[0]
    waiting = Departure.objects.filter(pk=pk, aim=aim, closed_at=None, undone_at=None)
    return waiting.select_related("tenant").first()


def _content(template: str, departure: Departure, route: str) -> Content:
    tenant = departure.tenant
    return Content(
        template=template,
        context={
            "organization": tenant.name,
            "date": departure.begins_at,
            "asked_by": departure.asked_by,
            "url": links.to(tenant, route),
        },
    )
