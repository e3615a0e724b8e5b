"""Dropping schemas: a tenant's alone, in one place, whatever name somebody brings; orphans are told."""

from __future__ import annotations

import pytest
from django.core.management import call_command
from django.db import IntegrityError, connection, transaction

from public_apps.tenants.models import Tenant, opaque_schema_name
from public_apps.tenants.offboarding import orphans
from public_apps.tenants.offboarding.tasks import look_for_orphans
from public_apps.tenants.schema_drop import NotDroppable, drop_schema
from tests.core.web_stack import WebStack, create_workspace

NEVER = [
    "public", "pg_catalog", "information_schema", "pg_toast", "", "t_", "t_ABCDEFABCDEFABCDEFABCDEF",
    "t_0123456789abcdef01234567; DROP SCHEMA public", '"public"', "t_0123456789abcdef01234567\n",
]  # fmt: skip


@pytest.mark.parametrize("name", NEVER)
def test_no_other_schema_than_a_tenants_is_dropped(web_stack: WebStack, name: str) -> None:
    with pytest.raises(NotDroppable):
        drop_schema(name)
    with pytest.raises(NotDroppable):
        Tenant(schema_name=name).delete(force_drop=True)
    for schema in ("public", "pg_catalog", "information_schema"):
        assert orphans.is_there(schema)


@pytest.mark.parametrize("name", ["public", "information_schema", "t_short"])
def test_the_database_keeps_such_names_off_tenants(web_stack: WebStack, name: str) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        Tenant.objects.filter(pk=create_workspace().tenant.pk).update(schema_name=name)


def test_the_librarys_own_ways_drop_nothing(web_stack: WebStack) -> None:
    tenant = create_workspace().tenant
    with pytest.raises(NotDroppable):
        tenant.delete(force_drop=True)
    with pytest.raises(NotDroppable):
        call_command(
            "delete_tenant", schema_name=tenant.schema_name, interactive=False, verbosity=0
        )
    assert orphans.is_there(tenant.schema_name)
    assert Tenant.objects.filter(pk=tenant.pk).exists()


def test_what_belongs_to_nobody_is_told_and_not_touched(web_stack: WebStack) -> None:
    lost, row = opaque_schema_name(), create_workspace().tenant
    with connection.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{lost}"')
        cursor.execute(f'DROP SCHEMA "{row.schema_name}" CASCADE')
    try:
        found = orphans.find()
        assert lost in found.schemas
        assert row.schema_name in found.rows
        look_for_orphans(timestamp=0)
        assert orphans.is_there(lost)
        assert Tenant.objects.filter(pk=row.pk).exists()
        assert any(lost in line for line in found.lines)
    finally:
        drop_schema(lost)
        row.domains.all().delete()
        row.delete()
    assert lost not in orphans.find().schemas
