"""Where a tenant's schema lies: on our one server, or whole on a worker node of Citus.

Building, importing and restoring make their schemas here. Dropping is the same statement in both
(docs/scale-out.md).
"""

from __future__ import annotations

from django.conf import settings
from django.db import connection

DISTRIBUTED = """
    SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus')
        AND to_regclass('pg_catalog.pg_dist_schema') IS NOT NULL"""


class NotDistributed(Exception):
    """TENANT_ON_CITUS asks for Citus, and this database has none that places schemas."""


def create_schema(name: str) -> None:
    """Create an empty schema in the caller's transaction: all that is made in it lies there, too.

    Raises `NotDistributed`, and the database's own error if there is one of that name: somebody
    left it behind, with its people.
    """
    with connection.cursor() as cursor:
        if settings.TENANT_ON_CITUS:
            cursor.execute(DISTRIBUTED)
            if cursor.fetchone() != (True,):
                raise NotDistributed("TENANT_ON_CITUS needs the extension citus, 12.0 or newer.")
            # For this transaction alone, whatever the database's own default is.
            cursor.execute("SET LOCAL citus.enable_schema_based_sharding = on")
        cursor.execute(f"CREATE SCHEMA {connection.ops.quote_name(name)}")
