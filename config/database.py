"""Settings about the database: where it is, and how long a web process or a worker waits for it."""

from __future__ import annotations

from typing import Any

import environ

from config.env import whole_number
from public_apps.core.database_waits import Waits

# A peer that is gone without a word is noticed: when nothing is heard for half a minute, or what
# was sent is not acknowledged for as long (milliseconds).
TCP = {
    "keepalives": 1,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 4,
    "tcp_user_timeout": 30_000,
}


def entry(url: str) -> dict[str, Any]:
    """Return Django's database entry for a PostgreSQL URL; an unreachable server fails in seconds."""
    given = environ.Env.db_url_config(url)
    # Only what asks for it is prepared (see `billing.inbox`): Django's own cursors never are.
    options = {"connect_timeout": 5, "prepare_threshold": 5, **TCP, **given.get("OPTIONS", {})}
    return {**given, "OPTIONS": options}


def web_waits(env: environ.Env) -> Waits:
    """Return how long a web process waits: somebody waits for it."""
    return Waits(
        name="web",
        statement=whole_number(env, "WEB_STATEMENT_SECONDS", default=6),
        lock=whole_number(env, "WEB_LOCK_SECONDS", default=5),
        idle=whole_number(env, "WEB_IDLE_SECONDS", default=30),
    )


def worker_waits(env: environ.Env) -> Waits:
    """Return how long a worker waits: nobody else goes on with what it has begun."""
    return Waits(
        name="worker",
        statement=whole_number(env, "WORKER_STATEMENT_SECONDS", default=300),
        lock=whole_number(env, "WORKER_LOCK_SECONDS", default=60),
        idle=whole_number(env, "WORKER_IDLE_SECONDS", default=900),
    )
