"""After a restore: a spare of the dump may have been somebody's before, and is given to nobody."""

from __future__ import annotations

from uuid import UUID

from django.db import connection
from pytest_django import Settings

from public_apps.tenants import database_place, pool, provisioning, schema_creation, schema_names
from public_apps.tenants.models import Tenant
from public_apps.tenants.tasks import refill_pool

ELSEWHERE = "t_00000000"


def spare_of_a_dump() -> Tenant:
    """Return a spare as it comes with a dump: built, at head, and named by another database."""
    spare = schema_creation.build_tenant()
    name = f"{ELSEWHERE}{spare.schema_name[len(ELSEWHERE) :]}"
    with connection.cursor() as cursor:
        cursor.execute(f"ALTER SCHEMA {spare.schema_name} RENAME TO {name}")
    Tenant.objects.filter(pk=spare.pk).update(schema_name=name)
    spare.refresh_from_db()
    return spare


def schemas() -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace")
        return {name for (name,) in cursor.fetchall()}


def test_a_spare_says_in_which_database_it_was_built(db: None) -> None:
    spare = schema_creation.build_tenant()
    assert spare.schema_name.startswith(f"t_{database_place.here().digest}")
    assert Tenant.objects.filter(schema_names.made_here(), pk=spare.pk).exists()


def test_a_spare_of_a_dump_is_given_to_nobody(db: None) -> None:
    before = spare_of_a_dump()
    tenant = provisioning.take_tenant(name="New Court", owner_email="nikos@unit.example")
    assert tenant.schema_name != before.schema_name
    assert isinstance(tenant.identity, UUID)
    assert tenant.identity != before.identity
    assert Tenant.objects.get(pk=before.pk).claimed_at is None


def test_numbers_that_others_may_have_had_since_the_dump_are_passed_over(db: None) -> None:
    before = spare_of_a_dump()
    first, second = schema_creation.build_tenant(), schema_creation.build_tenant()
    assert first.pk > before.pk + schema_names.PASSED_OVER
    assert second.pk == first.pk + 1  # once is enough


def test_the_pool_fills_with_spares_of_its_own_and_those_of_the_dump_go(
    db: None, settings: Settings
) -> None:
    settings.TENANT_POOL_SIZE = 1
    before = [spare_of_a_dump(), spare_of_a_dump()]
    assert pool.missing() == 1
    refill_pool()
    assert pool.missing() == 0
    refill_pool()
    assert not Tenant.objects.filter(pk__in=[each.pk for each in before]).exists()
    assert not schemas() & {each.schema_name for each in before}
    assert pool.current_spares().count() == 1


def test_a_workspace_of_the_dump_stays_whatever_its_name_says(db: None) -> None:
    of_dump = spare_of_a_dump()
    Tenant.objects.filter(pk=of_dump.pk).update(claimed_at="2026-01-01T00:00Z")
    assert not pool.retire_one()
    assert of_dump.schema_name in schemas()
