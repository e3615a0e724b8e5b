"""Suspending a workspace and letting it in again: recorded with its cause, effective at once.

The data stays as it is. Every process notices within `routing.FRESH_SECONDS`.
"""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.dispatch import Signal

from public_apps.core import clock
from public_apps.tenants.models import AccessChange, Tenant

log = structlog.get_logger(__name__)
LONGEST_REASON = 200
# Sent with `change` in the transaction of the change: what a listener writes commits with it.
access_changed = Signal()


def lock(tenant_id: int) -> Tenant:
    """Return the tenant with its row locked: whoever judges access does so one at a time."""
    locked: Tenant = Tenant.objects.select_for_update().get(pk=tenant_id)
    return locked


def set_access(
    locked: Tenant, *, suspended: bool, reason: str, cause: str, review_at: datetime | None = None
) -> bool:
    """Bring a locked tenant to this access; return whether that was a change.

    Staff's hold outranks every other word.
    """
    suspended = suspended or locked.held_at is not None
    changed = suspended != (locked.suspended_at is not None)
    locked.access_review_at = review_at
    if changed:
        locked.suspended_at = clock.now() if suspended else None
        locked.suspended_reason = reason[:LONGEST_REASON] if suspended else ""
        change = AccessChange.objects.create(
            tenant=locked, suspended=suspended, reason=reason[:LONGEST_REASON], cause=cause[:255]
        )
        access_changed.send(AccessChange, change=change)
        log.info("access changed", schema=locked.schema_name, suspended=suspended, cause=cause)
    locked.save(update_fields=["suspended_at", "suspended_reason", "access_review_at"])
    return changed


@transaction.atomic
def hold(*, tenant: Tenant, reason: str, by: str) -> None:
    """Suspend a workspace by staff's word; no subscription event undoes it."""
    locked = lock(tenant.pk)
    locked.held_at = locked.held_at or clock.now()
    locked.save(update_fields=["held_at"])
    set_access(locked, suspended=True, reason=reason, cause=by, review_at=locked.access_review_at)


@transaction.atomic
def release_hold(*, tenant: Tenant, by: str) -> Tenant:
    """Take staff's word back; the caller then lets the subscription decide. Returns the tenant."""
    locked = lock(tenant.pk)
    locked.held_at = None
    locked.save(update_fields=["held_at"])
    log.info("hold released", schema=locked.schema_name, by=by)
    return locked


def due_for_review(*, now: datetime | None = None) -> QuerySet[Tenant]:
    """Return the tenants whose access the clock may have changed."""
    due: QuerySet[Tenant] = Tenant.objects.filter(
        access_review_at__lte=now or Now(), archived_at__isnull=True
    )
    return due
