"""What staff can read about each tenant's last migration, and the mark of those at head."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction

from public_apps.core import clock
from public_apps.tenants.models import Tenant, TenantMigration
from public_apps.tenants.rollout.inspection import in_fleet
from public_apps.tenants.rollout.workers import Outcome
from public_apps.tenants.schema_migrations import head

LONGEST_ERROR = 4000


@transaction.atomic
def write(outcomes: Iterable[Outcome]) -> None:
    """Write down how tenants fared. The schemas know best: a crash before this line loses nothing."""
    by_name = {outcome.schema_name: outcome for outcome in outcomes}
    # Archived meanwhile: none of our business any more.
    tenants = dict(in_fleet().filter(schema_name__in=by_name).values_list("schema_name", "pk"))
    TenantMigration.objects.bulk_create(
        [_row(tenants[name], by_name[name]) for name in sorted(tenants)],
        update_conflicts=True,
        unique_fields=["tenant"],
        update_fields=["at", "head", "milliseconds", "error"],
    )
    at_head = [name for name in sorted(tenants) if not by_name[name].error]
    Tenant.objects.filter(schema_name__in=at_head).update(migrations_fingerprint=head.fingerprint())


def _row(tenant_id: int, outcome: Outcome) -> TenantMigration:
    return TenantMigration(
        tenant_id=tenant_id,
        at=clock.now(),
        head=head.fingerprint(),
        milliseconds=outcome.milliseconds,
        error=outcome.error[:LONGEST_ERROR],
    )
