"""Names of schemas: each says in which database it was made, and is never given twice.

A spare that lay in a dump may have been somebody's before the database was lost, with archives under
its name. So only what was built here is given away here; and the numbers of tenants that the dump did
not know are passed over.
"""

from __future__ import annotations

import secrets

import structlog
from django.db import connection
from django.db.models import Q

from public_apps.tenants import database_place
from public_apps.tenants.models import Tenant

log = structlog.get_logger(__name__)
# More than anybody buys between two dumps.
PASSED_OVER = 100_000
SEQUENCE = "SELECT pg_get_serial_sequence('public.tenants_tenant', 'id')"
FORWARD = "SELECT setval(%s::regclass, nextval(%s::regclass) + %s)"


def fresh() -> str:
    """Return a name for a schema that is made here and now."""
    return f"{_beginning()}{secrets.token_hex(8)}"


def made_here() -> Q:
    """Match tenants whose schema was made in this database, as it is since its last restore."""
    return Q(schema_name__startswith=_beginning())


def pass_lost_numbers() -> None:
    """Leave a gap before the first number that is given here: others may have had the next ones.

    Call it in the transaction that makes the tenant.
    """
    newest = Tenant.objects.order_by("-pk").first()
    if newest is None or newest.schema_name.startswith(_beginning()):
        return
    with connection.cursor() as cursor:
        cursor.execute(SEQUENCE)
        (sequence,) = cursor.fetchone()
        cursor.execute(FORWARD, [sequence, sequence, PASSED_OVER])
    log.warning("numbers of tenants passed over", since=newest.schema_name, count=PASSED_OVER)


def _beginning() -> str:
    return f"t_{database_place.here().digest}"
