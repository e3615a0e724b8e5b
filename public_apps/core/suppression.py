"""Addresses that bounced or complained, as the mail provider tells: nobody writes there again."""

from __future__ import annotations

from typing import Any

import structlog
from anymail.signals import AnymailTrackingEvent, EventType, RejectReason, tracking
from django.dispatch import receiver

from public_apps.core.models import SuppressedAddress

log = structlog.get_logger(__name__)
# A soft bounce is `deferred` there: the provider itself tries again.
FOR_GOOD = frozenset({EventType.BOUNCED, EventType.COMPLAINED})
# The provider refuses for a reason of its own list, which holds earlier bounces and complaints.
REFUSED_FOR_GOOD = frozenset({RejectReason.BOUNCED, RejectReason.INVALID, RejectReason.SPAM})


def is_suppressed(address: str) -> SuppressedAddress | None:
    """Return why no mail may go to this address, or None if it may."""
    return SuppressedAddress.objects.filter(address__iexact=address).first()


@receiver(tracking)
def follow(event: AnymailTrackingEvent, esp_name: str, **_extra: Any) -> None:
    """Note an address that the provider reports; safe to hear twice, the first word stays."""
    refused = event.event_type == EventType.REJECTED and event.reject_reason in REFUSED_FOR_GOOD
    if not event.recipient or not (refused or event.event_type in FOR_GOOD):
        return
    _noted, created = SuppressedAddress.objects.get_or_create(
        address=event.recipient.strip().lower()[:254],
        defaults={
            "reason": event.event_type,
            "detail": str(event.description or event.reject_reason or "")[:500],
            "provider": esp_name,
        },
    )
    if created:
        log.warning("address suppressed", reason=event.event_type, provider=esp_name)
