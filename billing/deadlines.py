"""How long anybody waits for Stripe: a web request until its deadline, a worker for one lease.

A timeout of the socket bounds each read, not the answer: whoever drips a byte now and then could
hold a caller for hours, and looking up a name has no timeout at all. So the whole call is bounded.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

from public_apps.core.deadlines import DeadlineExceeded, within

__all__ = ["DeadlineExceeded", "within"]  # the same for calls to Stripe
# A web request must answer within ten seconds whatever Stripe does; a worker may be patient, but
# must be done with a call before the event's lease ends (`inbox.LEASE`).
WEB_SECONDS = 8.0
WORKER_SECONDS = 19.0
_ends: ContextVar[float | None] = ContextVar("somebody_waits_until", default=None)


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


def deadline_of_request(
    get_response: Callable[[HttpRequest], HttpResponse],
) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware: whatever a web request asks of Stripe, it asks within one deadline."""

    def answer(request: HttpRequest) -> HttpResponse:
        with request_deadline():
            return get_response(request)

    return answer
