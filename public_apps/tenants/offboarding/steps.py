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
from django.utils import timezone

from public_apps.accounts.models import User
from public_apps.core import email_addresses as addresses
from public_apps.core import sweeps
from public_apps.core.schema_context import inside
from public_apps.tenants import domains, offboarding_hooks, suspension
from public_apps.tenants.models import Aim, Departure, Domain, KeptSchema, Tenant
from public_apps.tenants.offboarding import orphans
from public_apps.tenants.offboarding_hooks import ErasureScope, StepBlocked
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
    departure.unpaid_at = timezone.now()
    return True


def _close(departure: Departure, tenant: Tenant) -> bool:
    if departure.closed_at or not departure.unpaid_at or not _has_begun(departure):
        return False
    # Once more: its owner may have chosen a plan again meanwhile, and would pay for a closed door.
    offboarding_hooks.end_subscriptions(tenant)
    departure.closed_at = timezone.now()
    tenant.archived_at = tenant.archived_at or departure.closed_at
    tenant.save(update_fields=["archived_at"])
    return True


def _store(departure: Departure, tenant: Tenant) -> bool:
    if departure.stored_at or not departure.closed_at or departure.dropped_at:
        return False
    if departure.aim == Aim.ERASURE:
        return False
    departure.stored_as = offboarding_hooks.archive_storage().store(tenant)
    departure.stored_at = timezone.now()
    return True


def _drop(departure: Departure, tenant: Tenant) -> bool:
    ready = departure.stored_at or departure.aim == Aim.ERASURE
    if departure.dropped_at or not departure.closed_at or not ready:
        return False
    if departure.aim == Aim.ERASURE:
        # Only here is it known who its people were: erased with the schema, or neither is.
        _erase(departure, tenant)
    for kept in KeptSchema.objects.filter(tenant=tenant):  # of a restore that nobody confirmed
        drop_schema(kept.schema_name)
        kept.delete()
    drop_schema(tenant.schema_name)
    departure.dropped_at = timezone.now()
    log.warning("tenant dropped", schema=tenant.schema_name, aim=departure.aim)
    return True


def _erase_archived(departure: Departure, tenant: Tenant) -> bool:
    if departure.aim != Aim.ERASURE or departure.erased_at or not departure.dropped_at:
        return False
    if not _has_begun(departure):
        return False
    if not departure.proof:
        _erase(departure, tenant)
    departure.erased_at = timezone.now()
    return True


def _free_domains(departure: Departure, tenant: Tenant) -> bool:
    gone = departure.dropped_at
    if departure.freed_at or gone is None or gone > timezone.now() - QUARANTINE:
        return False
    hosts = list(tenant.domains.values_list("domain", flat=True))
    Domain.objects.filter(tenant=tenant).delete()
    # Proven once, it would keep everybody else from proving it.
    tenant.domain_claims.update(verified_at=None, failing_since=None)
    domains.give_back(hosts)
    departure.freed_at = timezone.now()
    return True


_STEPS: tuple[Step, ...] = (
    _end_subscriptions, _close, _store, _drop, _erase_archived, _free_domains,
)  # fmt: skip


def _has_begun(departure: Departure) -> bool:
    return departure.begins_at <= timezone.now()


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
        "at": timezone.now().isoformat(),
    }
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    departure.proof = {**told, "sha256": digest}
    departure.stored_as = ""
    # Who asked is one of them; that somebody did, and when, stays.
    departure.asked_by = "erased" if "@" in departure.asked_by else departure.asked_by


def erase_late() -> int:
    """Erase what has come in about tenants since they were erased; return how many rows."""
    lately = Departure.objects.filter(erased_at__gt=timezone.now() - LATE)
    counts: list[int] = []

    def erase(tenant_id: int) -> None:
        tenant = suspension.lock(tenant_id)
        counts.extend(
            offboarding_hooks.erase(ErasureScope(tenant=tenant, addresses=frozenset())).values()
        )

    ids = lately.values_list("tenant_id", flat=True)
    sweeps.sweep("erase_late", ids, erase, named=lambda tenant_id: f"tenant {tenant_id}")
    return sum(counts)


def _addresses(tenant: Tenant) -> frozenset[str]:
    """Return the addresses of the tenant's people, as far as somebody still knows them."""
    known = {tenant.owner_email.lower()} - {""}
    if orphans.is_there(tenant.schema_name):
        with inside(tenant.schema_name):
            known |= {each.lower() for each in User.objects.values_list("email", flat=True)}
    return frozenset().union(*map(addresses.spellings, known))


def _note(departure_id: int, error: str) -> None:
    Departure.objects.filter(pk=departure_id).update(
        tried_at=timezone.now(), error=error[:LONGEST_ERROR]
    )
