"""Locks by name, held over all processes and machines until the transaction ends.

PostgreSQL's advisory locks (chapter 13.3.5): for what no single row stands for.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection


def hold(name: str) -> None:
    """Wait for this name's lock, and hold it until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [name])


def try_hold(number: int) -> bool:
    """Hold this number's lock until the transaction ends, unless somebody else does; return whether."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [number])
        (held,) = cursor.fetchone()
    return bool(held)


@contextmanager
def in_session(number: int) -> Iterator[bool]:
    """Hold this number's lock for a block, over its transactions, unless somebody else does.

    Yields whether. A connection that is lost, or whose process dies, lets go.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [number])
        (held,) = cursor.fetchone()
    session = connection.connection
    try:
        yield bool(held)
    finally:
        if held and connection.connection is session and connection.is_usable():
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [number])
