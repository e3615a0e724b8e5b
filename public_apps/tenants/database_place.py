"""Which database this is: told from its copies, and from what it was before it came back from a dump."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from django.db import connection

DATABASE = "SELECT oid::text FROM pg_database WHERE datname = current_database()"
# Open to every role, unless a host has shut them; asked before, for a refusal ends a transaction.
MAY_ASK = "SELECT has_function_privilege(%s, 'EXECUTE')"
SYSTEM = ("pg_control_system()", "SELECT system_identifier::text FROM pg_control_system()")
TIMELINE = ("pg_control_checkpoint()", "SELECT timeline_id::text FROM pg_control_checkpoint()")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A database: its server's own number, its number there, and how often that server began anew.

    A dump that is restored has another number or server, a recovery to a point in time or a standby
    that takes over another timeline. What our role may not ask is empty.
    """

    server: str
    database: str
    timeline: str

    @property
    def digest(self) -> str:
        """Eight hex digits that tell this place from others, and nothing else."""
        told = f"{self.server}/{self.database}/{self.timeline}"
        return hashlib.sha256(told.encode()).hexdigest()[:8]


# Where a connection leads never changes.
_known: WeakKeyDictionary[Any, Place] = WeakKeyDictionary()


def here() -> Place:
    """Return the place that we work in; asked once for each connection."""
    connection.ensure_connection()
    place = _known.get(connection.connection)
    if place is None:
        place = Place(server=_asked(*SYSTEM), database=_database(), timeline=_asked(*TIMELINE))
        _known[connection.connection] = place
    return place


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute(DATABASE)
        return str(cursor.fetchone()[0])


def _asked(function: str, query: str) -> str:
    with connection.cursor() as cursor:
        cursor.execute(MAY_ASK, [function])
        if cursor.fetchone() != (True,):
            return ""
        cursor.execute(query)
        return str(cursor.fetchone()[0])
