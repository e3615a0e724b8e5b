"""Waiting for another connection to wait: the moment at which a race is decided."""

from __future__ import annotations

import time

from django.db import connection

PATIENCE_SECONDS = 90


def until_somebody_waits() -> None:
    """Return once another connection waits for a lock that this one holds."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                # Not pg_stat_activity: within a transaction it goes on showing what it showed first.
                "SELECT EXISTS (SELECT FROM pg_locks"
                " WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid)))"
            )
            if cursor.fetchone()[0]:
                return
            time.sleep(0.02)
    raise AssertionError("nobody waits for what this connection holds")
