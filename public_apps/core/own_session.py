"""Whether a connection to the database is a session of its own, from the first statement to the last.

Each request turns its session to one tenant's schema. A pooler in transaction mode (PgBouncer's, and
others') hands every transaction to another session, and shows one tenant's rows to the next. Nothing
in the protocol tells that somebody stands between, so it is tried: what one connection has set must be
there when it asks again, on the same backend, while another holds a backend of its own.
"""

from __future__ import annotations

import secrets
import threading
from typing import Any

import psycopg
import structlog
from django.db import OperationalError, connection
from django.db.backends.signals import connection_created

log = structlog.get_logger(__name__)

ROUNDS = 4
# A pooler may let the second connection wait for ever: then nothing is proven, and asked again later.
PATIENCE_SECONDS = 10.0
ASKED = "SELECT pg_backend_pid(), current_setting('concierge.session', true)"
# What Django adds to a connection for itself.
NOT_PLAIN = frozenset({"cursor_factory", "context", "prepare_threshold"})
REFUSAL = (
    "DATABASE_URL leads to a pooler in transaction mode, which shows one tenant's rows to another: "
    "use PostgreSQL's own address, or a pool in session mode."
)


class SessionShared(OperationalError):
    """Statements of one connection reach several sessions: nothing may be read or written here."""


_state = threading.Lock()
_proven = False


def is_shared() -> bool:
    """Whether the database's sessions are shared with others; False as long as it can't be asked."""
    global _proven  # noqa: PLW0603 - once for each process
    with _state:
        if _proven:
            return False
        shared = _tried(connection.get_connection_params())
        _proven = shared is False
    return bool(shared)


def require(sender: Any, connection: Any, **kwargs: Any) -> None:
    """Refuse a connection of Django's until it is proven that sessions are ours.

    Raises `SessionShared`. The start has asked before; but the database may have been away then.
    """
    if connection.alias == "default" and is_shared():
        connection.close()
        log.error("sessions are shared", detail=REFUSAL)
        raise SessionShared(REFUSAL)


connection_created.connect(require, dispatch_uid="core.own_session")


def _tried(parameters: dict[str, Any]) -> bool | None:
    """Return whether sessions are shared, None if it can't be told within our patience."""
    found: list[bool] = []
    trial = threading.Thread(target=_try, args=(parameters, found), daemon=True, name="own session")
    trial.start()
    trial.join(PATIENCE_SECONDS)
    return found[0] if found else None


def _try(parameters: dict[str, Any], found: list[bool]) -> None:
    plain = {name: value for name, value in parameters.items() if name not in NOT_PLAIN}
    try:
        with (
            psycopg.connect(**plain, autocommit=True, prepare_threshold=None) as ours,
            psycopg.connect(**plain, autocommit=True, prepare_threshold=None) as other,
        ):
            found.append(_is_shared(ours, other))
    except psycopg.Error as error:
        # Away, full, or not taking us: whoever needs the database says so better.
        log.debug("sessions could not be tried", error=str(error))


def _is_shared(ours: psycopg.Connection[Any], other: psycopg.Connection[Any]) -> bool:
    mark = secrets.token_hex(8)
    ours.execute("SELECT set_config('concierge.session', %s, false)", [mark])
    backend, kept = _asked(ours)
    if kept != mark:
        return True
    for _round in range(ROUNDS):
        # A pooler has our backend free now, and gives it to whoever begins next; then we get another.
        with other.transaction():
            theirs, seen = _asked(other)
            if theirs == backend or seen == mark or _asked(ours) != (backend, mark):
                return True
    return False


def _asked(session: psycopg.Connection[Any]) -> tuple[int, str | None]:
    row = session.execute(ASKED).fetchone()
    assert row is not None  # noqa: S101 - it selects one row
    return int(row[0]), row[1]
