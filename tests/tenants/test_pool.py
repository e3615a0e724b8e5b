"""Spare tenants: each is claimed once, only at head, and a dry pool keeps nobody waiting for long."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import TypeVar

import pytest
from django.db import connection, transaction
from django.utils import timezone
from pytest_django import Settings

from public_apps.tenants import pool, provisioning, schema_creation, schema_names
from public_apps.tenants.models import Tenant
from public_apps.tenants.schema_migrations import head
from tests.core.web_stack import WebStack

T = TypeVar("T")


@pytest.fixture
def dry(web_stack: WebStack) -> Iterator[None]:
    """A pool without spares, before and after."""
    Tenant.objects.spare().update(archived_at=timezone.now())
    yield
    Tenant.objects.spare().update(archived_at=timezone.now())


def stock(count: int, *, fingerprint: str | None = None) -> set[str]:
    """Put rows of built spares into the pool; claiming never looks at their schemas."""
    name = head.fingerprint() if fingerprint is None else fingerprint
    made = Tenant.objects.bulk_create(
        [
            Tenant(
                schema_name=schema_names.fresh(),
                provisioned_at=timezone.now(),
                migrations_fingerprint=name,
            )
            for _ in range(count)
        ]
    )
    return {tenant.schema_name for tenant in made}


def at_once(count: int, act: Callable[[int], T]) -> list[T]:
    """Do the same in so many threads at once, each with a connection of its own."""
    ready = Barrier(count)

    def one(number: int) -> T:
        try:
            ready.wait(timeout=20)
            return act(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


def take(name: str) -> Tenant:
    """Take a tenant as `open_workspace` does: in a transaction."""
    with transaction.atomic():
        return provisioning.take_tenant(name=name, owner_email=f"{name}@example.org")


def take_impatiently(number: int) -> Tenant:
    """Take a tenant, or fail rather than wait for somebody else's lock."""
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL lock_timeout = '3s'")
        return take(f"impatient-{number}")


def test_eight_buyers_at_once_claim_twenty_spares_each_once(dry: None) -> None:
    stocked = stock(20)

    def claim_some(buyer: int) -> list[str]:
        mine: list[str] = []
        while True:
            with transaction.atomic():
                tenant = pool.claim(name=f"Buyer {buyer}", owner_email=f"b{buyer}@example.org")
            if tenant is None:
                return mine
            mine.append(tenant.schema_name)

    claimed = [name for mine in at_once(8, claim_some) for name in mine]
    assert len(claimed) == 20
    assert set(claimed) == stocked


def test_a_buyer_is_not_held_up_by_another_who_has_not_committed(dry: None) -> None:
    stock(2)
    with transaction.atomic():
        first = pool.claim(name="First", owner_email="first@example.org")
        second = at_once(1, take_impatiently)[0]
    assert first is not None
    assert first.schema_name != second.schema_name


def test_a_claim_that_is_rolled_back_leaves_a_spare(dry: None) -> None:
    (name,) = stock(1)
    with transaction.atomic():
        assert pool.claim(name="Nobody", owner_email="nobody@example.org")
        transaction.set_rollback(True)
    spare = Tenant.objects.get(schema_name=name)
    assert (spare.status, spare.name) == ("spare", "")


def test_a_spare_of_another_release_is_not_claimed(dry: None) -> None:
    old = stock(3, fingerprint="0" * 64)
    assert not pool.is_stocked()
    assert take("modern").schema_name not in old


def test_a_half_made_or_archived_row_is_not_claimed(dry: None) -> None:
    half = Tenant.objects.create(migrations_fingerprint=head.fingerprint())
    (gone,) = stock(1)
    Tenant.objects.filter(schema_name=gone).update(archived_at=timezone.now())
    try:
        with transaction.atomic():
            assert pool.claim(name="Hasty", owner_email="hasty@example.org") is None
    finally:
        half.delete()


def test_a_dry_pool_builds_at_once_and_two_buyers_get_two_whole_tenants(dry: None) -> None:
    first, second = at_once(2, lambda number: take(f"buyer-{number}"))
    assert first.schema_name != second.schema_name
    for tenant in (first, second):
        schema_creation.verify(tenant.schema_name)
        assert Tenant.objects.get(pk=tenant.pk).status == "provisioning"


def test_a_build_at_once_is_undone_with_its_buyers_transaction(dry: None) -> None:
    before = Tenant.objects.count()
    with transaction.atomic():
        tenant = provisioning.take_tenant(name="Undone", owner_email="undone@example.org")
        transaction.set_rollback(True)
    assert Tenant.objects.count() == before
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [tenant.schema_name])
        assert cursor.fetchone() is None


def test_the_pool_fills_to_its_size_and_no_further(dry: None, settings: Settings) -> None:
    settings.TENANT_POOL_SIZE = 2
    stock(1)
    assert pool.missing() == 1
    assert pool.add_one()
    assert not pool.add_one()
    assert pool.current_spares().count() == 2


def test_two_builders_at_once_build_one(dry: None, settings: Settings) -> None:
    settings.TENANT_POOL_SIZE = 5
    assert sorted(at_once(3, lambda _n: pool.add_one())) == [False, False, True]
    assert pool.current_spares().count() == 1


def test_a_pool_that_shall_be_empty_is_well_stocked(dry: None, settings: Settings) -> None:
    assert not pool.is_stocked()
    settings.TENANT_POOL_SIZE = 0
    assert pool.is_stocked()
    assert not pool.add_one()
