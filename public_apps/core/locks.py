"""Locks by name, held over all processes and machines: for a transaction, or while a process lives.

PostgreSQL's advisory locks (chapter 13.3.5): for what no single row stands for.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import InterfaceError, OperationalError, connection


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
def while_alive(name: str) -> Iterator[bool]:
    """Hold this name's lock for the block, over transactions, unless somebody else does; say whether.

    A process that dies in the block holds it no longer: whoever asks then need not wait for a time.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(hashtextextended(%s, 0))", [name])
        (held,) = cursor.fetchone()
    try:
        yield bool(held)
    finally:
        if held:
            _let_go(name)


def _let_go(name: str) -> None:
    # A connection that was lost has lost the lock, too.
    with contextlib.suppress(OperationalError, InterfaceError), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_unlock(hashtextextended(%s, 0))", [name])
