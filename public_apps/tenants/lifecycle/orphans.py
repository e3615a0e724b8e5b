"""What belongs to nobody: found and told, never touched. Whoever reads it decides."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from public_apps.tenants.archives.models import KeptSchema
from public_apps.tenants.lifecycle.models import Departure
from public_apps.tenants.models import Domain, Tenant

# Everything of the cluster's own and public, which are never a tenant's.
SCHEMAS = """SELECT nspname FROM pg_namespace
    WHERE nspname NOT IN ('public', 'information_schema') AND nspname NOT LIKE 'pg\\_%%'"""


@dataclass(frozen=True, kw_only=True)
class Orphans:
    """Names, sorted: schemas that no row has, rows whose schema is gone, domains that lead nowhere."""

    schemas: list[str]
    rows: list[str]
    domains: list[str]

    @property
    def lines(self) -> list[str]:
        """Return each as a sentence."""
        return [
            *(f"The schema {each} belongs to no tenant." for each in self.schemas),
            *(f"The tenant {each} has no schema." for each in self.rows),
            *(f"Nobody will ever answer at {each}." for each in self.domains),
        ]


def find(*, ours: frozenset[str] = frozenset()) -> Orphans:
    """Look for orphans; `ours` are schemas that somebody else accounts for."""
    with connection.cursor() as cursor:
        cursor.execute(SCHEMAS)
        there = {name for (name,) in cursor.fetchall()}
    rows = Tenant.objects.filter(provisioned_at__isnull=False)
    names = set(rows.values_list("schema_name", flat=True))
    kept = KeptSchema.objects.values_list("schema_name", flat=True)
    gone = Departure.objects.filter(dropped_at__isnull=False, undone_at=None)
    dropped = set(gone.values_list("tenant__schema_name", flat=True))
    lost = Q(tenant__claimed_at=None) | Q(
        tenant__in=gone.filter(freed_at__isnull=False).values("tenant")
    )
    return Orphans(
        schemas=sorted((there - (names - dropped)) - ours - set(kept)),
        rows=sorted((names - dropped) - there),
        domains=sorted(Domain.objects.filter(lost).values_list("domain", flat=True)),
    )


def is_there(schema_name: str) -> bool:
    """Whether there is a schema of this name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema_name])
        return cursor.fetchone() is not None
