"""From a paid sign-up to a tenant of its own: claim a spare, or build one when the pool is dry."""

from __future__ import annotations

import structlog
from django.db import transaction

from public_apps.core import clock
from public_apps.tenants import pool, schema_creation
from public_apps.tenants.models import Tenant
from public_apps.tenants.tasks import enqueue_refill

log = structlog.get_logger(__name__)


def prepare() -> None:
    """Have a spare at hand where none can be built within a transaction; call it outside of one."""
    if schema_creation.needs_transactions() and not pool.current_spares().exists():
        schema_creation.build_tenant()


def take_tenant(*, name: str, owner_email: str) -> Tenant:
    """Return a tenant that belongs to this customer from now on.

    Call it in a transaction that also records whose it is: both commit, or neither does. Raises
    `NeedsTransactions` where the pool is dry and migrations want their own: `prepare` first.
    """
    tenant = pool.claim(name=name, owner_email=owner_email)
    if tenant is None:
        log.warning("pool is dry, building at once")
        schema_creation.build_tenant()
        tenant = pool.claim(name=name, owner_email=owner_email)
        assert tenant is not None  # noqa: S101 - our own transaction's spare can't be taken by others
    # After the commit: the refill's unique lock would make buyers wait for one another.
    transaction.on_commit(enqueue_refill)
    return tenant


def open_tenant(tenant: Tenant) -> None:
    """Let people in: the schema is built, the owner exists, the address is known."""
    Tenant.objects.filter(pk=tenant.pk, opened_at__isnull=True).update(opened_at=clock.now())
    tenant.refresh_from_db(fields=["opened_at"])
