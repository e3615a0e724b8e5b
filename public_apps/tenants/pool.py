"""The pool of spare tenants: built ahead, so that a buyer waits milliseconds."""

from __future__ import annotations

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from procrastinate.contrib.django.models import ProcrastinateJob

from public_apps.core import clock, jobs, locks
from public_apps.tenants import schema_creation, schema_drop, schema_names
from public_apps.tenants.models import Tenant, TenantQuerySet
from public_apps.tenants.schema_migrations import head

REFILL_LOCK = "refill of the pool"  # one builder at a time over all machines


def current_spares() -> TenantQuerySet:
    """Return spares that were built here and are at this code's head: these can be given away.

    Others wait for the fleet migration, or for `retire_one`.
    """
    spares: TenantQuerySet = Tenant.objects.spare()
    return spares.filter(schema_names.made_here(), migrations_fingerprint=head.fingerprint())


def claim(*, name: str, owner_email: str) -> Tenant | None:
    """Take a spare for a customer, or return None when the pool is dry. Commits with the caller."""
    spares = current_spares().order_by("created_at")
    tenant = spares.select_for_update(skip_locked=True).first()
    if tenant is None:
        return None
    tenant.claimed_at = clock.now()
    tenant.name = name
    tenant.owner_email = owner_email
    tenant.save(update_fields=["claimed_at", "name", "owner_email"])
    return tenant


def missing() -> int:
    """Return how many spares the pool lacks."""
    return max(0, settings.TENANT_POOL_SIZE - current_spares().count())


def is_stocked() -> bool:
    """Whether the next buyer finds a spare; a pool of size 0 is wanted dry."""
    return settings.TENANT_POOL_SIZE == 0 or current_spares().exists()


def add_one() -> bool:
    """Build one spare if the pool lacks one and nobody else is building; return whether it did."""
    with locks.while_alive(REFILL_LOCK) as alone:
        if not alone or not missing():
            return False
        schema_creation.build_tenant()
        return True


def retire_one() -> bool:
    """Drop a spare that came with a dump: before that, it may have been somebody's.

    Return whether there was one.
    """
    with transaction.atomic():
        foreign = Tenant.objects.spare().exclude(schema_names.made_here())
        spare = foreign.select_for_update(skip_locked=True).first()
        if spare is None:
            return False
        schema_drop.drop_schema(spare.schema_name)
        spare.delete()
        return True


def buyers_wait() -> bool:
    """Whether work that somebody is waiting for is due and not begun."""
    due = Q(scheduled_at=None) | Q(scheduled_at__lte=Now())
    waiting = ProcrastinateJob.objects.filter(due, status="todo", queue_name=jobs.PURCHASE["queue"])
    found: bool = waiting.exists()
    return found
