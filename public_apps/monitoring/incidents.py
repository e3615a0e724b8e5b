"""What staff must look at: opened once, mailed once, and mailed once more when it is over.

However many processes see the same thing, it is one incident: a unique index says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now
from django.utils.functional import Promise

from public_apps.core import clock, mail
from public_apps.core.mail import Content
from public_apps.core.models import OutgoingMail
from public_apps.monitoring.models import Incident

log = structlog.get_logger(__name__)
OPENED, OVER = "incident", "incident_over"
MOST_LINES = 200


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of incident: what to call it, and what to do. Its runbook is in docs/operations.md."""

    name: str
    title: str | Promise
    advice: str | Promise


KINDS: dict[str, Kind] = {}


def kind(name: str, *, title: str | Promise, advice: str | Promise) -> Kind:
    """Declare a kind of incident."""
    KINDS[name] = Kind(name=name, title=title, advice=advice)
    return KINDS[name]


def report(kind: Kind, found: Mapping[str, Sequence[str]]) -> None:
    """Say all that is wrong of one kind: lines by subject. What is no longer among it is over."""
    for subject, lines in found.items():
        _keep_open(kind, subject, list(lines)[:MOST_LINES])
    stand = Incident.objects.filter(kind=kind.name, closed_at=None)
    for incident in stand.exclude(subject__in=found):
        close(incident)


def report_one(kind: Kind, subject: str, lines: Sequence[str]) -> None:
    """Say what is wrong with one subject, whatever holds of others; no lines end it."""
    if lines:
        _keep_open(kind, subject, list(lines)[:MOST_LINES])
        return
    for incident in Incident.objects.filter(kind=kind.name, subject=subject, closed_at=None):
        close(incident)


@transaction.atomic
def close(incident: Incident) -> None:
    """End an incident, because it is over or because somebody has seen to it; tells so once."""
    now = clock.now()
    if not Incident.objects.filter(pk=incident.pk, closed_at=None).update(closed_at=now):
        return
    log.info("incident over", kind=incident.kind, subject=incident.subject)
    _tell(incident, OVER)


@transaction.atomic
def _keep_open(kind: Kind, subject: str, lines: list[str]) -> None:
    incident, opened = Incident.objects.get_or_create(
        kind=kind.name, subject=subject, closed_at=None, defaults={"lines": lines}
    )
    if opened:
        log.error("incident opened", kind=kind.name, subject=subject, lines=lines[:10])
        _tell(incident, OPENED)
        return
    Incident.objects.filter(pk=incident.pk).update(lines=lines, seen_at=clock.now())


def _tell(incident: Incident, what: str) -> None:
    for address in settings.OPS_ALERT_EMAILS:
        mail.enqueue(
            kind=what,
            key=f"{incident.pk}:{address}",
            to=address,
            language=settings.LANGUAGE_CODE,
        )


def unsent() -> Iterable[int]:
    """Return the mails about incidents that are due: whoever sees that nobody sends, sends them."""
    waiting = OutgoingMail.objects.filter(
        kind__in=(OPENED, OVER), sent_at=None, failed_at=None, next_attempt_at__lte=Now()
    )
    return list(waiting.values_list("pk", flat=True)[:50])


@mail.composes(OPENED)
def opened(outgoing: OutgoingMail) -> Content | None:
    """Say what is wrong; nothing if it is over before the mail could leave."""
    incident = _incident_of(outgoing)
    return None if incident.closed_at else _content(incident, OPENED)


@mail.composes(OVER)
def over(outgoing: OutgoingMail) -> Content | None:
    """Say that it is over, with all that was wrong: the first mail may not have left."""
    return _content(_incident_of(outgoing), OVER)


def _incident_of(outgoing: OutgoingMail) -> Incident:
    return Incident.objects.get(pk=outgoing.key.partition(":")[0])


def _content(incident: Incident, template: str) -> Content:
    kind = KINDS[incident.kind]
    context: dict[str, object] = {"incident": incident, "title": kind.title, "advice": kind.advice}
    return Content(template=template, context=context)
