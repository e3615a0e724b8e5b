"""Processes of PostgreSQL that stand still: the kernel keeps their connections, and nobody answers."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg

from devstack.stack import Stack

OURS = """
SELECT pid FROM pg_stat_activity
WHERE datname = current_database() AND application_name = %s
"""


def backends(stack: Stack, *, of: str = "web") -> list[int]:
    """Return the server's processes that serve a kind of ours."""
    with psycopg.connect(stack.database_url) as connection:
        return [pid for (pid,) in connection.execute(OURS, [f"concierge {of}"]).fetchall()]


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Let processes of the server stand still, as on a host that is out of memory."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
