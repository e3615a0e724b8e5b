"""Building a tenant's schema: whole, verified, in one transaction, or not at all."""

from __future__ import annotations

from threading import Lock

import structlog
from django.core.management import call_command
from django.db import transaction

from public_apps.core import clock
from public_apps.core.schema_context import to_public
from public_apps.tenants import schema_location, schema_names
from public_apps.tenants.models import Tenant
from public_apps.tenants.schema_migrations import applied as probe
from public_apps.tenants.schema_migrations import executor, head, kept, plan
from public_apps.tenants.schema_migrations.plan import Plan

log = structlog.get_logger(__name__)
# Historical models are shared by all builds of a process, and what they remember is not for others.
_one_at_a_time = Lock()
_from_nothing: list[Plan] = []


class SchemaIncomplete(Exception):
    """A schema does not hold exactly the migrations that this code expects."""


def build_tenant() -> Tenant:
    """Create an unclaimed tenant with its schema at head; on any error nothing is left of it."""
    with transaction.atomic():
        schema_names.pass_lost_numbers()
        tenant: Tenant = Tenant.objects.create(schema_name=schema_names.fresh())
        executor.hold(tenant.schema_name)
        _build(tenant)
        verify(tenant.schema_name)
        tenant.migrations_fingerprint = head.fingerprint()
        tenant.provisioned_at = clock.now()
        tenant.save()
    log.info("schema built", schema=tenant.schema_name)
    return tenant


def verify(schema_name: str) -> None:
    """Raise `SchemaIncomplete` unless the schema is at this code's head."""
    applied = probe.applied(schema_name)
    if not head.is_head(applied):
        odd = sorted((head.required() - applied) | (applied - head.known()))
        raise SchemaIncomplete(f"{schema_name} differs from this code in {odd[:5]}")


def fill(schema_name: str) -> bool:
    """Bring a new, empty schema to head, in the caller's transaction.

    False, and nothing done, if a migration is none whose effects can be foreseen.
    """
    with _one_at_a_time:
        if not _from_nothing:
            _from_nothing.append(plan.compile_plan(schema_name, texts=kept.recall()))
        whole = _from_nothing[0]
        if not whole.is_foreseen:
            return False
        known = len(whole.texts)
        executor.build(schema_name, whole)
        if len(whole.texts) > known:
            kept.keep(whole.texts)
        return True


def _build(tenant: Tenant) -> None:
    schema_location.create_schema(tenant.schema_name)
    if fill(tenant.schema_name):
        return
    log.warning("built in django-tenants' own way", schema=tenant.schema_name)
    try:
        call_command(
            "migrate_schemas", tenant=True, schema_name=tenant.schema_name,
            interactive=False, verbosity=0,
        )  # fmt: skip
    finally:
        to_public()
