"""The connections on which a worker fetches jobs: each wait has an end, and what broke is replaced."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from typing import Any

import psycopg
from procrastinate.contrib.django import utils
from procrastinate.psycopg_connector import PsycopgConnector
from psycopg import pq
from psycopg_pool import AsyncConnectionPool

from public_apps.core.database_waits import NoAnswer

# Fetching a job, ending one, a heartbeat: milliseconds, unless the server stands still.
STATEMENT_SECONDS = 5.0
# How long one of them waits for a connection.
POOL_SECONDS = 15.0
# The pool tries twice as seldom each time: rather than that, whoever needs a connection begins anew.
RECONNECT_SECONDS = 5.0
MOST_CONNECTIONS = 4


class Connection(psycopg.AsyncConnection[Any]):
    """A connection that hangs up when the server has not answered in time."""

    is_listening = False

    async def wait(
        self, gen: Any, interval: float = 0.1, timeout: float | None = None
    ) -> Any:  # what the generator returns
        """Wait as psycopg does, but not for ever, unless it is for notifications."""
        if timeout is not None or self.is_listening:
            return await super().wait(gen, interval, timeout)
        try:
            return await super().wait(gen, interval, STATEMENT_SECONDS)
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status != pq.TransactionStatus.ACTIVE:
                raise
            self.pgconn.finish()
            raise NoAnswer(f"The queue did not answer within {STATEMENT_SECONDS:.0f} s.") from error

    async def notifies(self, **given: Any) -> AsyncGenerator[psycopg.Notify, None]:
        """Listen as psycopg does."""
        self.is_listening = True
        try:
            async for each in super().notifies(**given):
                yield each
        finally:
            self.is_listening = False


def connector() -> PsycopgConnector:
    """Return a connector of a worker's own, on the database of Django's."""
    return PsycopgConnector(
        kwargs=parameters(),
        pool_factory=_pool,
    )


def _pool(**given: Any) -> AsyncConnectionPool[Any]:
    return AsyncConnectionPool(
        connection_class=Connection,
        min_size=1,
        max_size=MOST_CONNECTIONS,
        timeout=POOL_SECONDS,
        reconnect_timeout=RECONNECT_SECONDS,
        **given,
    )


def parameters() -> dict[str, Any]:
    """Return how to connect, as Django does."""
    given: dict[str, Any] = utils.connector_params()
    return given
