"""Addresses that bounced or complained, as the mail provider tells: nobody writes there again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.dispatch import receiver

from public_apps.core import email_addresses
from public_apps.core.models import SuppressedAddress

log = structlog.get_logger(__name__)
FOR_GOOD = frozenset({EventType.BOUNCED, EventType.COMPLAINED})
REASONS = FOR_GOOD | {EventType.REJECTED}
# The provider refuses for a reason of its own list, which holds earlier bounces and complaints.
REFUSED_FOR_GOOD = frozenset({RejectReason.BOUNCED, RejectReason.INVALID, RejectReason.SPAM})

# Some providers' soft bounces (a full mailbox) come as `bounced`, too; each has its word for them.
SOFT = frozenset({"softbounce", "softbounced", "transient", "temporary"})


def is_suppressed(address: str) -> SuppressedAddress | None:
    """Return why no mail may go to this address, or None if it may."""
    return SuppressedAddress.objects.filter(address__iexact=address).first()


@receiver(tracking)
def follow(event: AnymailTrackingEvent, esp_name: str, **_extra: Any) -> None:
    """Note an address that the provider reports; safe to hear twice, the first word stays."""
    refused = event.event_type == EventType.REJECTED and event.reject_reason in REFUSED_FOR_GOOD
    if not event.recipient or not (refused or event.event_type in FOR_GOOD):
        return
    if event.event_type == EventType.BOUNCED and SOFT & set(_words(event.esp_event)):
        return
    _noted, created = SuppressedAddress.objects.get_or_create(
        address=email_addresses.known(event.recipient.strip()).lower()[:254],
        defaults={
            "reason": event.event_type,
            "detail": str(event.description or event.reject_reason or "")[:500],
            "provider": esp_name,
        },
    )
    if created:
        log.warning("address suppressed", reason=event.event_type, provider=esp_name)


def _words(reported: Any) -> Iterator[str]:
    """Yield every single word among the values of a provider's own report."""
    if isinstance(reported, Mapping):
        reported = list(reported.values())
    if isinstance(reported, list | tuple):
        for value in reported:
            yield from _words(value)
    elif isinstance(reported, str):
        yield reported.lower().replace("_", "").replace("-", "").replace(" ", "")
