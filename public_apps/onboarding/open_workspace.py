"""The whole story, from a paid sign-up to a workspace that its owner can sign in to."""

from __future__ import annotations

from itertools import pairwise

import structlog
from django.db import transaction

from public_apps.accounts import first_owner
from public_apps.core import clock
from public_apps.monitoring import counters
from public_apps.onboarding import subdomains, welcome
from public_apps.onboarding.models import Signup
from public_apps.tenants import domains, provisioning
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)


class NotPaid(Exception):
    """A workspace was asked for a sign-up that nobody has paid."""


def open_workspace(*, signup: Signup) -> Tenant:
    """Take a paid sign-up to a workspace that its owner can sign in to. Safe to call again.

    Each step commits by itself under the sign-up's row lock and records its time, so a crash
    anywhere is continued, and two calls at once do each step once.
    """
    provisioning.prepare()
    tenant = ensure_tenant(signup=signup)
    ensure_address(signup=signup, tenant=tenant)
    ensure_owner(signup=signup, tenant=tenant)
    ensure_open(signup=signup, tenant=tenant)
    return tenant


@transaction.atomic
def ensure_tenant(*, signup: Signup) -> Tenant:
    """Give the sign-up a tenant of its own."""
    locked = _lock(signup)
    if locked.paid_at is None:
        raise NotPaid(str(signup.pk))
    if locked.tenant is None:
        locked.tenant = provisioning.take_tenant(name=locked.organization, owner_email=locked.email)
        locked.workspace_at = clock.now()
        locked.save(update_fields=["tenant", "workspace_at"])
    return locked.tenant


@transaction.atomic
def ensure_address(*, signup: Signup, tenant: Tenant) -> None:
    """Give the tenant its host: the name asked for, or a near one if that was lost meanwhile."""
    locked = _lock(signup)
    if locked.address_at:
        return
    if locked.released_at or domains.is_taken(locked.subdomain):
        subdomains.hold_again(signup=locked)
    domains.ensure_primary(tenant, label=locked.subdomain)
    locked.address_at = clock.now()
    locked.save(update_fields=["address_at"])


@transaction.atomic
def ensure_owner(*, signup: Signup, tenant: Tenant) -> None:
    """Create the owner in the tenant's own schema."""
    locked = _lock(signup)
    if locked.owner_at:
        return
    first_owner.ensure_owner(
        schema_name=tenant.schema_name,
        email=locked.email,
        first_name=locked.first_name,
        last_name=locked.last_name,
        language=locked.language,
    )
    locked.owner_at = clock.now()
    locked.save(update_fields=["owner_at"])


@transaction.atomic
def ensure_open(*, signup: Signup, tenant: Tenant) -> None:
    """Open the door and promise the welcome mail, together."""
    locked = _lock(signup)
    if locked.ready_at:
        return
    provisioning.open_tenant(tenant)
    welcome.enqueue(signup=locked)
    locked.ready_at = clock.now()
    locked.save(update_fields=["ready_at"])
    transaction.on_commit(lambda: _announce(locked, tenant))


def _announce(signup: Signup, tenant: Tenant) -> None:
    line = f"[WEBHOOK] Provisioning complete for {signup.email} → {signup.subdomain}"
    log.info(line, signup=str(signup.pk), tenant=tenant.schema_name)
    _count(signup)


def _count(signup: Signup) -> None:
    times = {
        "paid": signup.paid_at,
        "workspace": signup.workspace_at,
        "address": signup.address_at,
        "owner": signup.owner_at,
        "open": signup.ready_at,
    }
    for (_before, began), (step, ended) in pairwise(times.items()):
        assert began is not None and ended is not None  # noqa: S101, PT018 - a ready sign-up has all
        counters.PROVISIONING_TIME.observe((ended - began).total_seconds(), step)
    assert signup.paid_at is not None and signup.ready_at is not None  # noqa: S101, PT018 - as above
    counters.READY_TIME.observe((signup.ready_at - signup.paid_at).total_seconds())


def _lock(signup: Signup) -> Signup:
    # Without the tenant joined in: PostgreSQL reads the locked row anew after a wait, but joined
    # ones as they were before it, and a sign-up that just got its tenant would seem to have none.
    return Signup.objects.select_for_update().get(pk=signup.pk)
