"""django-tenants' own `migrate_schemas`, kept from schemas that are not built or no longer served.

A half-made row would end its run for everybody (django-tenants #1209). Releases use
`migrate_fleet`; this stays for operators who want the library's command.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django_tenants.migration_executors import get_executor
from django_tenants.utils import get_public_schema_name


def of_built_tenants(codename: str | None = None) -> type[Any]:
    """Return the library's executor of this name, made to skip what `migrate_fleet` skips."""
    library: type[Any] = get_executor(codename)

    class OfBuiltTenants(library):  # which of them, the command line says
        """Leaves out tenants in the making and archived ones, unless one is named."""

        def run_migrations(self, tenants: Iterable[str] | None = None) -> None:
            names = list(tenants or [])
            # Public comes alone and first of all, when there is no table of tenants yet.
            if not self.options.get("schema_name") and names != [get_public_schema_name()]:
                built = _built(names)
                names = [name for name in names if name in built]
            super().run_migrations(names)

    return OfBuiltTenants


def _built(names: list[str]) -> set[str]:
    from public_apps.tenants.rollout.inspection import in_fleet  # models come after settings

    return set(in_fleet().filter(schema_name__in=names).values_list("schema_name", flat=True))
