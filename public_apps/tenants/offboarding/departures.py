"""Asking for a departure, and undoing it while that can be done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog
from django.db import transaction
from django.dispatch import receiver
from django.utils.translation import gettext as _

from public_apps.core import clock, jobs, mail
from public_apps.core.errors import Invalid, Refused
from public_apps.tenants import offboarding_hooks, suspension
from public_apps.tenants.models import AccessChange, Aim, Departure, Tenant

log = structlog.get_logger(__name__)
UNDO_FOR = timedelta(days=7)
ASKED = "erasure_asked"


def current(tenant: Tenant) -> Departure | None:
    """Return a tenant's departure that was not undone, or None."""
    return Departure.objects.filter(tenant=tenant, undone_at=None).first()


@transaction.atomic
def request_erasure(*, tenant: Tenant, by: str) -> Departure:
    """Suspend a workspace now, and have it erased after `UNDO_FOR`. Safe to call again.

    Its subscription ends at once, so that nobody is charged meanwhile.
    """
    locked = suspension.lock(tenant.pk)
    begins = clock.now() + UNDO_FOR
    departure = current(locked)
    if departure is not None and departure.aim == Aim.ERASURE:
        return departure
    if departure is None:
        departure = Departure(tenant=locked)
    departure.aim, departure.asked_by, departure.begins_at = Aim.ERASURE, by, begins
    if locked.held_at is None and departure.dropped_at is None:
        departure.held_at = clock.now()
        suspension.hold(
            tenant=locked, reason=_("It will be deleted: an owner asked for it."), by=by
        )
    departure.save()
    _promise_mail(departure, locked)
    enqueue(departure.pk)
    log.warning("erasure asked", schema=locked.schema_name, by=by)
    return departure


@transaction.atomic
def plan_archive(*, tenant: Tenant, begins_at: datetime, by: str) -> Departure:
    """Have a tenant archived from a moment on, or earlier if that is planned already.

    Returns what is under way then; an erasure stays one.
    """
    locked = suspension.lock(tenant.pk)
    planned = current(locked)
    if planned is None:
        planned = _plan(locked, begins_at=begins_at, by=by)
    elif planned.aim == Aim.ARCHIVE and planned.begins_at > begins_at:
        planned.begins_at, planned.asked_by = begins_at, by
        planned.save(update_fields=["begins_at", "asked_by"])
    enqueue(planned.pk)
    return planned


@transaction.atomic
def put_off(*, tenant: Tenant, until: datetime, by: str) -> Departure:
    """Archive a tenant later than it is planned; its owner gets both mails anew.

    Raises `errors.Refused` unless an archive is planned and the door is open, and `errors.Invalid`
    for a day that is over.
    """
    locked = suspension.lock(tenant.pk)
    planned = current(locked)
    if planned is None or not planned.can_be_put_off:
        raise Refused(_("No archive is planned that could be put off."))
    if until <= clock.now():
        over = _("This day is over.")
        raise Invalid(over, errors={"until": [over]})
    _call_off(planned)
    return _plan(locked, begins_at=until, by=by)


@transaction.atomic
def undo(*, tenant: Tenant, by: str) -> None:
    """Let a tenant stay: open the door again, and let its subscription decide who comes in.

    Raises `errors.Refused` when nothing is planned or closed, or the schema is dropped already.
    """
    locked = suspension.lock(tenant.pk)
    departure = current(locked)
    if departure is None and locked.archived_at is None:
        raise Refused(_("There is nothing left that could be undone."))
    if departure is not None and not departure.can_be_undone:
        raise Refused(_("There is nothing left that could be undone."))
    if departure is not None:
        _call_off(departure)
    if departure is None or departure.closed_at:  # staff may have closed it without a departure
        locked.archived_at = None
        locked.save(update_fields=["archived_at"])
    if locked.held_at is None or (departure is not None and departure.held_at):
        offboarding_hooks.readmit(locked, by=by)
    log.warning("departure undone", schema=locked.schema_name, by=by)


@transaction.atomic
def revived(*, tenant: Tenant, by: str) -> None:
    """Open the door of a tenant whose data is back from its archive, in a schema that it now has.

    Call it in the transaction that gives it that schema. Raises `errors.Refused` unless it was
    archived and dropped.
    """
    locked = suspension.lock(tenant.pk)
    departure = current(locked)
    if departure is None or not departure.can_be_revived:
        raise Refused(_("Only an archived workspace comes back from its archive."))
    _call_off(departure)
    locked.archived_at = None
    locked.save(update_fields=["archived_at"])
    if locked.held_at is None or departure.held_at:
        offboarding_hooks.readmit(locked, by=by)
    log.warning("tenant revived", schema=locked.schema_name, by=by)


@receiver(suspension.access_changed)
def stay_if_let_in(change: AccessChange, **_event: Any) -> None:
    """Call a departure off when people are let in again: by a payment, or by staff."""
    if change.suspended:
        return
    for departure in Departure.objects.filter(tenant=change.tenant, undone_at=None, closed_at=None):
        _call_off(departure)


def _plan(locked: Tenant, *, begins_at: datetime, by: str) -> Departure:
    log.info("archive planned", schema=locked.schema_name, begins_at=begins_at.isoformat(), by=by)
    return Departure.objects.create(
        tenant=locked, aim=Aim.ARCHIVE, asked_by=by, begins_at=begins_at
    )


def _call_off(departure: Departure) -> None:
    departure.undone_at = clock.now()
    departure.save(update_fields=["undone_at"])


def _promise_mail(departure: Departure, tenant: Tenant) -> None:
    if tenant.owner_email:
        mail.enqueue(
            kind=ASKED, key=str(departure.pk), to=tenant.owner_email, language=tenant.language
        )


def enqueue(departure_id: int, *, wait: timedelta | None = None) -> None:
    """Enqueue a departure unless it is waiting; one that must wait does not hold up another."""
    lock = f"{'departure_later' if wait else 'departure'}:{departure_id}"
    jobs.defer_once("offboarding.proceed", lock=lock, wait=wait, departure_id=departure_id)
