"""Whose an archive is: what puts one in a tenant's place asks here first."""

from __future__ import annotations

from public_apps.core.schema_context import in_public
from public_apps.tenants.archives.manifest import ArchiveRefused, Manifest
from public_apps.tenants.models import KeptSchema, Tenant


def prove(made: Manifest, tenant: Tenant, *, of: str = "") -> None:
    """Raise `ArchiveRefused` unless an archive is this tenant's own.

    One of an earlier release tells no more than the schema that it was made of. No other tenant has
    ever had that, but this one may have another since a restore: `of` names it for whoever knows.
    """
    identity = made.tenant.get("identity", "")
    if identity:
        if identity != str(tenant.identity):
            raise ArchiveRefused(
                f"{_told(made)}, and not of {tenant} ({tenant.schema_name}): it can only become "
                "a workspace of its own, by “manage.py tenant import”."
            )
    elif made.schema not in {*_schemas_of(tenant), of}:
        raise ArchiveRefused(
            f"{_told(made)} by an earlier release, which did not write down whose it was. If you "
            f"know that {made.schema} was the schema of {tenant} then, say so: --of {made.schema}"
        )


def _told(made: Manifest) -> str:
    name = made.tenant.get("name", "")
    return f"It is an archive of {name!r} (schema {made.schema}), made {made.made_at[:16]}"


def _schemas_of(tenant: Tenant) -> set[str]:
    with in_public():
        kept = KeptSchema.objects.filter(tenant=tenant).values_list("schema_name", flat=True)
        return {tenant.schema_name, *kept}
