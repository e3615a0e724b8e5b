"""The steps of a departure, in their order: each commits by itself, and is safe to repeat.

A process killed anywhere leaves the last step done or not done at all; the next try goes on there.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from datetime import timedelta

import structlog
from django.db import DatabaseError, transaction

from public_apps.accounts.models import User
from public_apps.core import clock
from public_apps.core import email_addresses as addresses
from public_apps.core.schema_context import inside
from public_apps.core.sweeps import Sweep
from public_apps.tenants import domains, offboarding_hooks, suspension
from public_apps.tenants.models import Aim, Departure, Domain, KeptSchema, Tenant
from public_apps.tenants.offboarding import orphans
from public_apps.tenants.offboarding_hooks import ErasureScope, StepBlocked
from public_apps.tenants.routing import STILL_IN_USE
from public_apps.tenants.schema_drop import drop_schema

log = structlog.get_logger(__name__)
QUARANTINE = timedelta(days=30)
LONGEST_ERROR = 500
# Stripe's last events about somebody, and mails that waited, come in after the erasing.
LATE = timedelta(days=60)
Step = Callable[[Departure, Tenant], bool]


def proceed(departure_id: int) -> Departure | None:
    """Do all that is due of a departure now; return it as it is then, or None if there is none.

    What hinders a step is written down, and the step is tried again with the next call.
    """
    try:
        while _one_step(departure_id):
            pass
    except (StepBlocked, DatabaseError) as error:  # a damaged schema's, too: others have their turn
        log.warning("departure hindered", departure=departure_id, error=str(error))
        _note(departure_id, str(error))
    else:
        _note(departure_id, "")
    return Departure.objects.filter(pk=departure_id).first()


@transaction.atomic
def _one_step(departure_id: int) -> bool:
    """Do the first step that is due, if any; return whether there was one."""
    open_ones = Departure.objects.filter(pk=departure_id, undone_at=None)
    tenant_id = open_ones.values_list("tenant_id", flat=True).first()
    if tenant_id is None:
        return False
    tenant = suspension.lock(tenant_id)  # always before its departure, as everybody does
    departure = open_ones.select_for_update().first()
    if departure is None:
        return False
    did = any(step(departure, tenant) for step in _STEPS)
    if did:
        departure.save()
    return did


def _end_subscriptions(departure: Departure, tenant: Tenant) -> bool:
    erasing = departure.aim == Aim.ERASURE
    if departure.unpaid_at or not (erasing or _has_begun(departure)):
        return False
    offboarding_hooks.end_subscriptions(tenant)
    departure.unpaid_at = clock.now()
    return True


def _close(departure: Departure, tenant: Tenant) -> bool:
    if departure.closed_at or not departure.unpaid_at or not _has_begun(departure):
        return False
    # Once more: its owner may have chosen a plan again meanwhile, and would pay for a closed door.
    offboarding_hooks.end_subscriptions(tenant)
    departure.closed_at = clock.now()
    tenant.archived_at = tenant.archived_at or departure.closed_at
    tenant.save(update_fields=["archived_at"])
    return True


def _store(departure: Departure, tenant: Tenant) -> bool:
    if departure.stored_at or departure.dropped_at or not _is_shut(departure):
        return False
    if departure.aim == Aim.ERASURE:
        return False
    departure.stored_as = offboarding_hooks.archive_storage().store(tenant)
    departure.stored_at = clock.now()
    return True


def _drop(departure: Departure, tenant: Tenant) -> bool:
    ready = departure.stored_at or departure.aim == Aim.ERASURE
    if departure.dropped_at or not ready or not _is_shut(departure):
        return False
    if departure.aim == Aim.ERASURE:
        # Only here is it known who its people were: erased with the schema, or neither is.
        _erase(departure, tenant)
    for kept in KeptSchema.objects.filter(tenant=tenant):  # of a restore that nobody confirmed
        drop_schema(kept.schema_name)
        kept.delete()
    drop_schema(tenant.schema_name)
    departure.dropped_at = clock.now()
    log.warning("tenant dropped", schema=tenant.schema_name, aim=departure.aim)
    return True


def _erase_archived(departure: Departure, tenant: Tenant) -> bool:
    if departure.aim != Aim.ERASURE or departure.erased_at or not departure.dropped_at:
        return False
    if not _has_begun(departure):
        return False
    if not departure.proof:
        _erase(departure, tenant)
    departure.erased_at = clock.now()
    return True


def _free_domains(departure: Departure, tenant: Tenant) -> bool:
    gone = departure.dropped_at
    if departure.freed_at or gone is None or gone > clock.now() - QUARANTINE:
        return False
    hosts = list(tenant.domains.values_list("domain", flat=True))
    Domain.objects.filter(tenant=tenant).delete()
    # Proven once, it would keep everybody else from proving it.
    tenant.domain_claims.update(verified_at=None, failing_since=None)
    domains.give_back(hosts)
    departure.freed_at = clock.now()
    return True


_STEPS: tuple[Step, ...] = (
    _end_subscriptions, _close, _store, _drop, _erase_archived, _free_domains,
)  # fmt: skip


def wait_for_the_door(departure: Departure) -> timedelta | None:
    """Return how long until nobody can be within any more; None unless that is what it waits for.

    What somebody was told is saved must be in the archive, not only in what is dropped.
    """
    if departure.closed_at is None or departure.dropped_at or departure.undone_at:
        return None
    left = departure.closed_at + STILL_IN_USE - clock.now()
    return left if left > timedelta(0) else None


def _is_shut(departure: Departure) -> bool:
    return departure.closed_at is not None and wait_for_the_door(departure) is None


def _has_begun(departure: Departure) -> bool:
    return departure.begins_at <= clock.now()


def _erase(departure: Departure, tenant: Tenant) -> None:
    """Erase people from public, and write down how many rows of what; invoices stay."""
    addresses = _addresses(tenant)
    # Archives first: rows that are erased tell of some whose they are.
    archives = sum(vault.forget(tenant) for vault in offboarding_hooks.archive_storages())
    erased = offboarding_hooks.erase(ErasureScope(tenant=tenant, addresses=addresses))
    told = {
        "schema": tenant.schema_name,
        "people": len(addresses),
        "rows": erased,
        "archives": archives,
        "at": clock.now().isoformat(),
    }
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    departure.proof = {**told, "sha256": digest}
    departure.stored_as = ""
    # Who asked is one of them; that somebody did, and when, stays.
    departure.asked_by = "erased" if "@" in departure.asked_by else departure.asked_by


def erase_late() -> None:
    """Erase what has come in about tenants since they were erased."""
    ERASED_LATELY.run()


def _erase_again(departure: Departure) -> None:
    tenant = suspension.lock(departure.tenant_id)
    offboarding_hooks.erase(ErasureScope(tenant=tenant, addresses=frozenset()))


ERASED_LATELY: Sweep[Departure] = Sweep(
    name="erase_late",
    rows=lambda: Departure.objects.filter(erased_at__gt=clock.now() - LATE),
    work=_erase_again,
    named=lambda departure: f"tenant {departure.tenant_id}",
    most=10_000,  # all of a night, who left within two months
)


def _addresses(tenant: Tenant) -> frozenset[str]:
    """Return the addresses of the tenant's people, as far as somebody still knows them."""
    known = {tenant.owner_email.lower()} - {""}
    if orphans.is_there(tenant.schema_name):
        with inside(tenant.schema_name):
            known |= {each.lower() for each in User.objects.values_list("email", flat=True)}
    return frozenset().union(*map(addresses.spellings, known))


def _note(departure_id: int, error: str) -> None:
    Departure.objects.filter(pk=departure_id).update(
        tried_at=clock.now(), error=error[:LONGEST_ERROR]
    )
