"""When a suspended tenant's time is over: two mails before, then it is archived."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.functions import Now

from public_apps.core import clock, mail
from public_apps.core.sweeps import Sweep
from public_apps.tenants.models import Aim, Departure, Tenant
from public_apps.tenants.offboarding import departures

NOTICE = "retention_notice"
FIRST_NOTICE, LAST_NOTICE = timedelta(days=30), timedelta(days=7)
BY_CLOCK = "the clock"


def plan_due() -> int:
    """Plan the archive of each tenant whose time is nearly over; return how many there are.

    Whoever staff hold suspended stays: their word stands above the clock.
    """
    return OVERSTAYED.run()


def _overstayed() -> QuerySet[Tenant]:
    kept, lead = _kept_and_lead()
    due: QuerySet[Tenant] = Tenant.objects.filter(
        suspended_at__lte=clock.now() - kept + lead,
        held_at=None,
        archived_at=None,
        opened_at__isnull=False,
    ).exclude(departures__in=Departure.objects.filter(undone_at=None))
    return due


def _plan(tenant: Tenant) -> None:
    # However long ago it was: there is always the time between the first mail and the end.
    now = clock.now()
    kept, lead = _kept_and_lead()
    begins_at = max((tenant.suspended_at or now) + kept, now + lead)
    departures.plan_archive(tenant=tenant, begins_at=begins_at, by=BY_CLOCK)


def _kept_and_lead() -> tuple[timedelta, timedelta]:
    kept = timedelta(days=settings.RETENTION_DAYS)
    return kept, min(FIRST_NOTICE, kept)


OVERSTAYED: Sweep[Tenant] = Sweep(
    name="plan_due",
    rows=_overstayed,
    work=_plan,
    named=lambda tenant: tenant.schema_name,
    order=("suspended_at",),
)


def enqueue_notices() -> None:
    """Promise the mails that are due; asking again changes nothing.

    Nobody is warned of what staff do at once.
    """
    WARNED.run()


def _planned() -> QuerySet[Departure]:
    return Departure.objects.select_related("tenant").filter(
        aim=Aim.ARCHIVE, begins_at__gt=Now(), closed_at=None, undone_at=None
    )


def _promise_due(departure: Departure) -> None:
    last = min(LAST_NOTICE, (departure.begins_at - departure.asked_at) / 2)
    _promise(departure, 1)
    if clock.now() >= departure.begins_at - last:
        _promise(departure, 2)


WARNED: Sweep[Departure] = Sweep(
    name="promise_notices",
    rows=_planned,
    work=_promise_due,
    named=lambda departure: departure.tenant.schema_name,
    order=("begins_at",),
    most=1000,  # whoever is warned stays among the rows until the end
)


def _promise(departure: Departure, number: int) -> None:
    tenant = departure.tenant
    if tenant.owner_email:
        key = f"{departure.pk}:{number}"
        mail.enqueue(kind=NOTICE, key=key, to=tenant.owner_email, language=tenant.language)
