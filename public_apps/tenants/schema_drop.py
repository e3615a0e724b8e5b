"""The one place where a schema is dropped."""

from __future__ import annotations

import re

import structlog
from django.db import connection, transaction

log = structlog.get_logger(__name__)
OPAQUE = re.compile(r"t_[0-9a-f]{24}")
# Whoever still works in the schema finishes first; after so long another try is better.
LOCK_TIMEOUT = "10s"


class NotDroppable(Exception):
    """This is no tenant's schema: public and the system's own are never dropped."""


@transaction.atomic
def drop_schema(name: str) -> None:
    """Drop a tenant's schema with all that is in it; nothing happens if there is none.

    Raises `NotDroppable` for every name that no tenant's schema can have.
    """
    if not OPAQUE.fullmatch(name):
        raise NotDroppable(name)
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('lock_timeout', %s, true)", [LOCK_TIMEOUT])
        cursor.execute(f"DROP SCHEMA IF EXISTS {connection.ops.quote_name(name)} CASCADE")
    log.warning("schema dropped", schema=name)


def refuse(name: str) -> None:
    """Stand in the way of django-tenants' own dropping, which knows no departures."""
    raise NotDroppable(f"{name}: schemas are dropped by tenants/offboarding alone")
