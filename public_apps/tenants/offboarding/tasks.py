"""Departures as jobs: each is taken up again until it is done, whatever a crash has swallowed."""

from __future__ import annotations

import structlog
from django.db.models import F, Q, QuerySet

from public_apps.core import clock, jobs, sweeps
from public_apps.core.sweeps import Sweep
from public_apps.tenants.models import Aim, Departure, Tenant
from public_apps.tenants.offboarding import departures, orphans, reactivation, retention, steps

log = structlog.get_logger(__name__)


@jobs.task("offboarding.proceed", rank=jobs.LAST)
def proceed(departure_id: int) -> None:
    """Do what is due of one departure, and come back for what waits for its door."""
    departure = steps.proceed(departure_id)
    wait = steps.wait_for_the_door(departure) if departure else None
    if wait:
        departures.enqueue(departure_id, wait=wait)


@jobs.task("offboarding.revive", rank=jobs.LAST)
def revive(tenant_id: int, label: str, by: str) -> None:
    """Bring one tenant back from its archive, unless that is done."""
    tenant = Tenant.objects.filter(pk=tenant_id, archived_at__isnull=False).first()
    if tenant is not None:
        reactivation.carry_out(tenant=tenant, label=label, by=by)


@jobs.periodic(
    "offboarding.sweep_departures",
    cron="*/5 * * * *",
    rank=jobs.HOUSEKEEPING,
    sweeps=("plan_due", "promise_notices", "sweep_departures"),
)
def sweep_departures(timestamp: int) -> None:
    """Plan what time has made due, promise the mails, and take up what is unfinished."""
    sweeps.each(retention.plan_due, retention.enqueue_notices, UNFINISHED.run)


@jobs.periodic("offboarding.erase_late", cron="7 4 * * *", rank=jobs.LAST, sweeps=("erase_late",))
def erase_late(timestamp: int) -> None:
    """Erase what came in too late to be erased with its tenant."""
    steps.erase_late()


@jobs.periodic(
    "offboarding.look_for_orphans",
    cron="27 * * * *",
    rank=jobs.LAST,
    no_rows="One query finds them all, and nothing is done with them.",
)
def look_for_orphans(timestamp: int) -> None:
    """Have staff told what belongs to nobody; nothing is touched."""
    found = orphans.find()
    for line in found.lines:
        log.error("orphan", told=line)
    orphans.looked_for.send(orphans.Orphans, found=found)


def due() -> QuerySet[Departure]:
    """Return the departures that have a step to do now."""
    now = clock.now()
    begun = Q(begins_at__lte=now)
    unfinished = (
        Q(aim=Aim.ERASURE, unpaid_at=None)
        | Q(begun, dropped_at=None)
        | Q(begun, aim=Aim.ERASURE, erased_at=None)
        | Q(dropped_at__lte=now - steps.QUARANTINE, freed_at=None)
    )
    return Departure.objects.filter(unfinished, undone_at=None)


UNFINISHED: Sweep[Departure] = Sweep(
    name="sweep_departures",
    rows=due,
    work=lambda departure: departures.enqueue(departure.pk),
    named=lambda departure: f"departure {departure.pk}",
    order=(F("tried_at").asc(nulls_first=True), "pk"),
)
