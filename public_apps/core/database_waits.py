"""How long a process waits for PostgreSQL: each statement, each lock, and a whole request.

The server ends what takes it too long, if it is there to do so. A backend that is stopped, or a host
that is gone while the kernel's connection stands, ends nothing: so we count as well, hang up, and say
so. Web processes are short of patience and workers have more; a command or a release has no bounds
of this kind, for whoever runs it watches it, and waits for locks in ways of its own.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, LiteralString, TypeVar

import psycopg
from psycopg import pq

Result = TypeVar("Result")
# The server's own end to a statement comes first, and says more.
LATER_SECONDS = 1.5
# Whether a connection lives is asked with less patience: a new one is cheap.
HEALTH_SECONDS = 2.0
# All that a web request waits for: what is left over is for the answer, within ten seconds.
REQUEST_SECONDS = 8.5
# A request may have taken long for other reasons; its next statement still gets so much.
LEAST_SECONDS = 3.0
CONNECT_SECONDS = 4
# By which the server notices within half a minute that we are gone with our machine, or cut off: what
# our session holds is free then. (A process that ends is noticed at once.)
PEER = {
    "tcp_keepalives_idle": "10",
    "tcp_keepalives_interval": "5",
    "tcp_keepalives_count": "4",
}


@dataclass(frozen=True, kw_only=True)
class Waits:
    """A kind of process, and how many seconds it waits; 0 is for ever."""

    name: str
    statement: int
    lock: int
    idle: int  # of a transaction in which nothing happens

    @property
    def settings(self) -> dict[str, str]:
        """PostgreSQL's settings for a session of this kind."""
        return {
            "statement_timeout": f"{self.statement}s",
            "lock_timeout": f"{self.lock}s",
            "idle_in_transaction_session_timeout": f"{self.idle}s",
            **PEER,
        }


@dataclass
class _Request:
    """What a web request has waited for already."""

    ends: float = field(default_factory=lambda: time.monotonic() + REQUEST_SECONDS)
    is_away: bool = False  # the database did not answer: nobody asks it again for this request
    failed: bool = False  # it broke for want of the database


_process: Waits | None = None
_request: ContextVar[_Request | None] = ContextVar("request_that_waits", default=None)
_at_most: ContextVar[float | None] = ContextVar("statements_wait_at_most", default=None)
_unbounded: ContextVar[bool] = ContextVar("statements_wait_for_ever", default=False)


class NoAnswer(psycopg.OperationalError):
    """The database did not answer within the time; the connection is given up."""


def apply(waits: Waits) -> None:
    """Let all connections that this process opens from now on wait so long."""
    global _process  # noqa: PLW0603 - a process is of one kind, and says so once
    _process = waits


def told(settings: Mapping[str, str]) -> tuple[LiteralString, list[str]]:
    """Return a statement that tells a session its settings, and the values that go with it."""
    calls: list[LiteralString] = ["set_config(%s, %s, false)" for _ in settings]
    return "SELECT " + ", ".join(calls), [each for pair in settings.items() for each in pair]


def of_process() -> Waits | None:
    """Return how long this process waits, or None if it is of no kind that has bounds."""
    return _process


@contextmanager
def request() -> Iterator[None]:
    """Bound all waits of a web request together."""
    token = _request.set(_Request())
    try:
        yield
    finally:
        _request.reset(token)


@contextmanager
def at_most(seconds: float) -> Iterator[None]:
    """Bound each statement inside by so many seconds, where that is less."""
    token = _at_most.set(seconds)
    try:
        yield
    finally:
        _at_most.reset(token)


@contextmanager
def unbounded(cursor: Any) -> Iterator[None]:
    """Let statements of this transaction take as long as they take: copies of whole tables."""
    cursor.execute("SET LOCAL statement_timeout = 0")
    cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
    token = _unbounded.set(True)
    try:
        yield
    finally:
        _unbounded.reset(token)


def note_failure(error: BaseException | None) -> None:
    """Remember of the current request that it broke for want of the database, if it did."""
    if (asked := _request.get()) is not None and is_database_away(error):
        asked.failed = True


def has_failed() -> bool:
    """Whether the current request broke for want of the database."""
    asked = _request.get()
    return asked is not None and asked.failed


def is_database_away(error: BaseException | None) -> bool:
    """Whether the database was not there, or not in time, and the same may go well later."""
    while error is not None:
        if isinstance(error, psycopg.OperationalError | psycopg.InterfaceError):
            return True
        error = error.__cause__
    return False


def connected(connect: Callable[[int | None], Result]) -> Result:
    """Connect within what is left; once that failed, nothing of the same request tries it again."""
    asked = _request.get()
    if asked is None:
        return connect(None if _process is None else CONNECT_SECONDS)
    if asked.is_away:
        raise NoAnswer("The database did not answer this request before.")
    left = asked.ends - time.monotonic()
    try:
        # libpq counts whole seconds, two at least.
        return connect(max(2, min(CONNECT_SECONDS, int(left))))
    except psycopg.Error:
        asked.is_away = True
        raise


class Connection(psycopg.Connection[Any]):
    """A connection that hangs up when the server has not answered in time."""

    def wait(
        self, gen: Any, interval: float = 0.1, timeout: float | None = None
    ) -> Any:  # what the generator returns
        """Wait as psycopg does, but no longer than this process may."""
        bound = _bound() if timeout is None else None
        if bound is None:
            return super().wait(gen, interval, timeout)
        try:
            return super().wait(gen, interval, bound)
        except psycopg.OperationalError as error:
            if self.pgconn.transaction_status != pq.TransactionStatus.ACTIVE:
                raise  # the server's own word, or the end of the connection
            # Whatever it is doing, its answer would be taken for that to the next question.
            self.pgconn.finish()
            if (asked := _request.get()) is not None and _at_most.get() is None:
                asked.is_away = True
            raise NoAnswer(f"The database did not answer within {bound:.1f} s.") from error


def _bound() -> float | None:
    """Return for how long a statement that begins now is waited for, or None for ever."""
    bounds = [each for each in (_at_most.get(), _of_statement()) if each is not None]
    return min(bounds, default=None)


def _of_statement() -> float | None:
    if _process is None or not _process.statement or _unbounded.get():
        return None
    bound = _process.statement + LATER_SECONDS
    asked = _request.get()
    if asked is None:
        return bound
    return min(bound, max(LEAST_SECONDS, asked.ends - time.monotonic()))
