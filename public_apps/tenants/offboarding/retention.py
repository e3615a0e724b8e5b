"""When a suspended tenant's time is over: two mails before, then it is archived."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.utils import timezone

from public_apps.core import mail, sweeps
from public_apps.tenants.models import Aim, Departure, Tenant
from public_apps.tenants.offboarding import departures

NOTICE = "retention_notice"
FIRST_NOTICE, LAST_NOTICE = timedelta(days=30), timedelta(days=7)
BY_CLOCK = "the clock"


def plan_due() -> int:
    """Plan the archive of each tenant whose time is nearly over; return how many there are.

    Whoever staff hold suspended stays: their word stands above the clock.
    """
    now = timezone.now()
    kept = timedelta(days=settings.RETENTION_DAYS)
    lead = min(FIRST_NOTICE, kept)
    due = Tenant.objects.filter(
        suspended_at__lte=now - kept + lead, held_at=None, archived_at=None, opened_at__isnull=False
    ).exclude(departures__in=Departure.objects.filter(undone_at=None))

    def plan(tenant: Tenant) -> None:
        # However long ago it was: there is always the time between the first mail and the end.
        begins_at = max((tenant.suspended_at or now) + kept, now + lead)
        departures.plan_archive(tenant=tenant, begins_at=begins_at, by=BY_CLOCK)

    found = list(due.order_by("suspended_at"))
    sweeps.sweep("plan_due", found, plan, named=lambda tenant: tenant.schema_name)
    return len(found)


def enqueue_notices() -> None:
    """Promise the mails that are due; asking again changes nothing.

    Nobody is warned of what staff do at once.
    """
    now = timezone.now()
    planned = Departure.objects.filter(
        aim=Aim.ARCHIVE, begins_at__gt=now, closed_at=None, undone_at=None
    )

    def promise(departure: Departure) -> None:
        last = min(LAST_NOTICE, (departure.begins_at - departure.asked_at) / 2)
        _promise(departure, 1)
        if now >= departure.begins_at - last:
            _promise(departure, 2)

    sweeps.sweep(
        "promise_notices", planned.select_related("tenant"), promise,
        named=lambda departure: departure.tenant.schema_name,
    )  # fmt: skip


def _promise(departure: Departure, number: int) -> None:
    tenant = departure.tenant
    if tenant.owner_email:
        key = f"{departure.pk}:{number}"
        mail.enqueue(kind=NOTICE, key=key, to=tenant.owner_email, language=tenant.language)
