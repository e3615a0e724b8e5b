"""Renewing a database connection once its backend has seen many tenants.

A PostgreSQL backend remembers the tables of each schema that it has touched, 0.2 to 1.2 MB for each
tenant, and never forgets (docs/decisions/connections.md has the measurements). django-tenants calls
`count` whenever a connection turns to a schema, in requests and jobs alike.
"""

from __future__ import annotations

import time
from typing import Any

from django.conf import settings


def count(connection: Any, tenant: Any) -> None:
    """Note the schema; after the last of its budget let Django close the connection when it may."""
    seen = _seen(connection)
    seen.add(tenant.schema_name)
    if len(seen) > settings.CONNECTION_TENANTS:
        # Django closes what is past this time at the end of a request, never within a transaction.
        connection.close_at = time.monotonic()


def _seen(connection: Any) -> set[str]:
    """Return the schemas that this very backend has been turned to."""
    backend = connection.connection
    counted, seen = getattr(connection, "schemas_seen", (None, set()))
    if counted is not backend or backend is None:
        seen = set()
        connection.schemas_seen = (backend, seen)
    return seen
