"""What belongs to nobody: found and told, never touched. Whoever reads it decides."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass

from django.db import connection
from django.dispatch import Signal

# Sent with `found`, an `Orphans`, whenever the clock has had somebody look.
looked_for = Signal()
# One statement, and so one moment: whoever is made or dropped meanwhile is there, or not at all.
# Only names that a tenant's schema can have: others are the database's own, or its extensions'.
FIND = """
    WITH there AS (
        SELECT nspname::text AS name FROM pg_namespace WHERE nspname ~ '^t_[0-9a-f]{24}$'
    ), gone AS (
        SELECT tenant_id, freed_at FROM tenants_departure
        WHERE dropped_at IS NOT NULL AND undone_at IS NULL
    ), living AS (
        SELECT schema_name::text AS name FROM tenants_tenant
        WHERE provisioned_at IS NOT NULL AND id NOT IN (SELECT tenant_id FROM gone)
    ), making AS (
        SELECT schema_name::text AS name FROM tenants_tenant WHERE provisioned_at IS NULL
    ), kept AS (
        SELECT schema_name::text AS name FROM tenants_keptschema
    )
    SELECT 'schema', name
    FROM (TABLE there EXCEPT TABLE living EXCEPT TABLE making EXCEPT TABLE kept) lost
    UNION ALL
    SELECT 'row', name FROM (TABLE living EXCEPT TABLE there) empty
    UNION ALL
    SELECT 'domain', domain FROM tenants_domain JOIN tenants_tenant t ON t.id = tenant_id
    WHERE t.claimed_at IS NULL OR t.id IN (SELECT tenant_id FROM gone WHERE freed_at IS NOT NULL)
    ORDER BY 1, 2"""


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


def find() -> Orphans:
    """Look for orphans, all at one moment; quick however many tenants there are."""
    found: dict[str, list[str]] = defaultdict(list)
    with connection.cursor() as cursor:
        cursor.execute(FIND)
        for what, name in cursor.fetchall():
            found[what].append(name)
    return Orphans(schemas=found["schema"], rows=found["row"], domains=found["domain"])


def is_there(schema_name: str) -> bool:
    """Whether there is a schema of this name."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_namespace WHERE nspname = %s", [schema_name])
        return cursor.fetchone() is not None
