"""Building a tenant's schema: whole, verified, in one transaction, or not at all."""

from __future__ import annotations

import hashlib
from functools import cache

import structlog
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.utils import timezone

from public_apps.core.schemas import inside, to_public
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
MigrationKey = tuple[str, str]


class SchemaIncomplete(Exception):
    """A schema does not hold exactly the migrations that this code expects."""


@cache
def expected_migrations() -> frozenset[MigrationKey]:
    """Return what every schema's `django_migrations` must hold under this code.

    django-tenants records shared apps' migrations in tenants too, without running them.
    """
    return frozenset(MigrationLoader(None).graph.nodes)


@cache
def fingerprint() -> str:
    """Return a short name of this code's set of migrations; a schema at head carries the same."""
    names = sorted(f"{app}.{name}" for app, name in expected_migrations())
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


def build_tenant() -> Tenant:
    """Create an unclaimed tenant with its schema at head; on any error nothing is left of it."""
    with transaction.atomic():
        tenant: Tenant = Tenant.objects.create()
        _hold_schema(tenant.schema_name)
        try:
            # Without a look first: a schema that somebody left behind, with its people, is an error.
            tenant.create_schema(check_if_exists=False, sync_schema=True, verbosity=0)
        finally:
            to_public()
        verify(tenant.schema_name)
        tenant.migrations_fingerprint = fingerprint()
        tenant.provisioned_at = timezone.now()
        tenant.save()
    log.info("schema built", schema=tenant.schema_name)
    return tenant


def verify(schema_name: str) -> None:
    """Raise `SchemaIncomplete` unless the schema holds exactly the expected migrations."""
    with inside(schema_name):
        applied = frozenset(MigrationRecorder(connection).applied_migrations())
    if applied != expected_migrations():
        odd = sorted(applied ^ expected_migrations())
        raise SchemaIncomplete(f"{schema_name} differs from this code in {odd[:5]}")


def _hold_schema(schema_name: str) -> None:
    """Take this schema's lock until the transaction ends: nobody else builds or migrates it."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [schema_name])
