"""A workspace comes back from its archive: asked by staff, done by the worker, whole or not at all."""

from __future__ import annotations

import structlog
from django.db import transaction
from django.utils.translation import gettext as _

from public_apps.audit import audit
from public_apps.core import jobs
from public_apps.core.errors import Conflict, Invalid, Problem, Refused
from public_apps.tenants import domains, offboarding_hooks, schema_names, suspension
from public_apps.tenants.archives import provenance, rebuild
from public_apps.tenants.archives.manifest import ArchiveRefused
from public_apps.tenants.archives.reader import opened
from public_apps.tenants.archives.store_ownership import own_store
from public_apps.tenants.archives.store_types import NoStore
from public_apps.tenants.archives.work_directory import desk
from public_apps.tenants.models import Departure, Tenant
from public_apps.tenants.offboarding import departures
from public_apps.tenants.schema_creation import SchemaIncomplete
from public_apps.tenants.schema_migrations import head

log = structlog.get_logger(__name__)
# What the archive or the store may have against it: another try would say the same.
FAILURES = (ArchiveRefused, NoStore, SchemaIncomplete, domains.DomainTaken, OSError, Problem)


def request_reactivation(*, tenant: Tenant, label: str = "", by: str) -> None:
    """Have a worker bring an archived tenant back, at its own addresses if it still has them.

    Raises `errors.Refused` unless it was archived and dropped, and `errors.Invalid` or
    `errors.Conflict` for a subdomain that it needs and can't have.
    """
    _departure_of(tenant)
    _check(tenant, label)
    enqueue(tenant, label=label, by=by)


def revive(tenant: Tenant, *, label: str = "", by: str) -> None:
    """Build a new schema from what is kept of a tenant, and open its door in one transaction.

    Its subscription has ended: it stays suspended until a plan is chosen, if it had one. Raises
    what is in `FAILURES`, with nothing changed.
    """
    kept = _departure_of(tenant).stored_as
    with desk() as folder:
        path = folder / "archive.zip"
        own_store().fetch(kept, path)
        with opened(path) as archive, transaction.atomic():
            provenance.prove(archive.manifest, tenant)
            schema_name = schema_names.fresh()
            rebuild.rebuild(schema_name, archive)
            locked = suspension.lock(tenant.pk)
            dropped = locked.schema_name
            departures.revived(tenant=locked, by=by)
            Tenant.objects.filter(pk=tenant.pk).update(
                schema_name=schema_name, migrations_fingerprint=head.fingerprint()
            )
            label = label or archive.manifest.tenant.get("subdomain", "")
            _check(locked, label)
            domains.ensure_primary(locked, label=label)
            offboarding_hooks.reenqueue(schema_name)
    log.warning("revived", schema=schema_name, dropped=dropped, by=by)


def carry_out(*, tenant: Tenant, label: str, by: str) -> None:
    """Bring a tenant back as it was asked for, and write down for staff how that went."""
    try:
        revive(tenant, label=label, by=by)
    except FAILURES as error:
        log.exception("not revived", schema=tenant.schema_name)
        detail = {"error": f"{type(error).__name__}: {error}"}
        audit.record(actor=by, action="tenant.not_revived", target=tenant, detail=detail)
    else:
        audit.record(actor=by, action="tenant.revived", target=tenant)


def _departure_of(tenant: Tenant) -> Departure:
    departure = departures.current(tenant)
    if departure is None or not departure.can_be_revived:
        raise Refused(_("Only an archived workspace comes back from its archive."))
    return departure


def _check(tenant: Tenant, label: str) -> None:
    """Refuse a name that can't be its subdomain, where it has no address left to come back to."""
    if tenant.domains.filter(is_primary=True).exists():
        return
    try:
        domains.check_label(label)
    except domains.NotALabel as refusal:
        raise Invalid(str(refusal), errors={"label": [str(refusal)]}) from refusal
    if domains.is_taken(label) or domains.is_held(label):
        taken = _("This name is taken.")
        raise Conflict(taken, errors={"label": [taken]})


def enqueue(tenant: Tenant, *, label: str, by: str) -> None:
    """Enqueue a return from the archive unless it is waiting."""
    lock = f"revival:{tenant.pk}"
    jobs.defer_once("offboarding.revive", lock=lock, tenant_id=tenant.pk, label=label, by=by)
