"""How long anybody waits for Stripe: a web request until its deadline, a worker for one lease.

A timeout of the socket bounds each read, not the answer: whoever drips a byte now and then could
hold a caller for hours, and looking up a name has no timeout at all. So the whole call is bounded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, wait
from contextlib import contextmanager
from contextvars import ContextVar
from threading import BoundedSemaphore, Thread
from typing import TypeVar

from django.http import HttpRequest, HttpResponse

T = TypeVar("T")
# A web request must answer within ten seconds whatever Stripe does; a worker may be patient, but
# must be done with a call before the event's lease ends (`inbox.LEASE`).
WEB_SECONDS = 8.0
WORKER_SECONDS = 19.0
# So many calls of one process may be under way, those included that nobody waits for any more.
MOST_CALLS = 100
_ends: ContextVar[float | None] = ContextVar("somebody_waits_until", default=None)
_room = BoundedSemaphore(MOST_CALLS)


class DeadlineExceeded(Exception):
    """There was no answer within the time."""


@contextmanager
def request_deadline(seconds: float = WEB_SECONDS) -> Iterator[None]:
    """Let all calls to Stripe that are made inside be over after so many seconds together."""
    token = _ends.set(time.monotonic() + seconds)
    try:
        yield
    finally:
        _ends.reset(token)


def is_somebody_waiting() -> bool:
    """Whether a person waits for what is being done: then nothing is tried twice."""
    return _ends.get() is not None


def seconds_left() -> float:
    """Return how long a call may take that begins now; nothing or less if it is too late."""
    ends = _ends.get()
    return WORKER_SECONDS if ends is None else ends - time.monotonic()


def within(seconds: float, work: Callable[[], T]) -> T:
    """Return what `work` returns, or raise what it raises; `TooLate` when it takes longer.

    It goes on in its thread then, until its own timeouts end it, and nobody hears how it ended.
    """
    if seconds <= 0 or not _room.acquire(blocking=False):
        raise DeadlineExceeded
    done: Future[T] = Future()
    Thread(target=_do, args=(work, done), name="a call to Stripe", daemon=True).start()
    if not wait([done], timeout=seconds).done:
        raise DeadlineExceeded
    return done.result()


def _do(work: Callable[[], T], done: Future[T]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - handed to whoever waits
        done.set_exception(error)
    else:
        done.set_result(result)
    finally:
        _room.release()


def deadline_of_request(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: whatever a web request asks of Stripe, it asks within one deadline."""

    def answer(request: HttpRequest) -> HttpResponse:
        with request_deadline():
            return get_response(request)

    return answer
