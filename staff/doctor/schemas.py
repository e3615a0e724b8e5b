"""Schemas that are not as they should be, and what belongs to nobody: told, never touched."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice

from public_apps.tenants import schema_diff
from public_apps.tenants.offboarding import orphans
from staff.doctor.findings import Finding, failing, ok, warning

MOST_NAMED = 5


def examine_drift() -> Iterator[Finding]:
    """Whether all tenants at head have head's shape, and every schema, row and domain its other half."""
    odd = schema_diff.find()
    if odd:
        told = _named(f"{name} {what}" for name, what in odd.items())
        yield failing(
            "drift",
            f"{len(odd)} tenants at head are not as head should be: {told}.",
            "Somebody changed them by hand: put it back by hand, or restore the tenant.",
        )
    else:
        yield ok("drift", "Every tenant at head has the same tables, columns and indexes.")
    found = orphans.find()
    if not found.lines:
        yield ok("orphans", "Every schema has its tenant, every tenant its schema.")
    if found.rows:
        yield failing(
            "orphans",
            f"{len(found.rows)} tenants have no schema: {_named(found.rows)}.",
            "Restore them from their backups: see docs/operations.md.",
        )
    if lost := [*found.schemas, *found.domains]:
        yield warning(
            "orphans",
            f"{len(found.schemas)} schemas and {len(found.domains)} domains belong to nobody:"
            f" {_named(lost)}.",
            "Look into them before you drop anything: see docs/operations.md.",
        )


def _named(names: Iterable[str]) -> str:
    return ", ".join(islice(names, MOST_NAMED))
