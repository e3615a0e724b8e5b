"""Where a tenant's migrations look for their tables."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.db import connection
from django_tenants.utils import get_public_schema_name

from public_apps.core import schema_context


@contextmanager
def inside(schema_name: str) -> Iterator[None]:
    """Work in a tenant's schema, with what the settings have behind it.

    Behind it are the schemas of PG_EXTRA_SEARCH_PATHS, and public if `TENANT_MIGRATIONS_SEE_PUBLIC`
    says so: with it a table that is missing in the tenant would be public's.
    """
    with schema_context.inside(schema_name, include_public=settings.TENANT_MIGRATIONS_SEE_PUBLIC):
        yield


def path(schema_name: str) -> str:
    """Return the same path as SQL."""
    public = [get_public_schema_name()] if settings.TENANT_MIGRATIONS_SEE_PUBLIC else []
    names = [schema_name, *public, *getattr(settings, "PG_EXTRA_SEARCH_PATHS", ())]
    return ", ".join(connection.ops.quote_name(name) for name in names)
