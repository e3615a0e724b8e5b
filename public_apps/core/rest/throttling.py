"""How often somebody may ask: exact counts, told by the IETF draft's headers.

What strangers may do is counted for all processes together. What signed-in people may do is counted
in each process by itself: those limits keep one client from crowding others out of a process.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Any

from django.core.cache import caches
from django.db import transaction
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from public_apps.core import locks
from public_apps.core.cache_keys import EVERYWHERE
from public_apps.core.client_address import network_of
from public_apps.core.schema_context import current

RATE = re.compile(r"(\d{1,6})/(\d{0,6})([smhd])")
SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_one_thread = Lock()
Handler = Callable[[HttpRequest], HttpResponseBase]


class Limit(SimpleRateThrottle):
    """So many requests within a time; two at the same moment are counted as two.

    A rate is written as `20/min` or `5/10m`. Subclasses say who is counted by `who`.
    """

    is_told = True  # by the RateLimit headers; not where it would tell of others than who asks
    key: str
    num_requests: int
    duration: int

    def who(self, request: Any) -> str:
        """Return whom this request is counted for: by default the client's address."""
        return network_of(request)

    def get_cache_key(self, request: Any, view: APIView | None) -> str:
        """Return the name that the count goes by: an address's over all tenants, others' in theirs."""
        place = EVERYWHERE if type(self).who is Limit.who else ""
        return f"{place}throttle_{self.scope}_{self.who(request)}"

    def parse_rate(self, rate: str | None) -> tuple[int, int]:
        """Return how many requests, and within how many seconds; `ValueError` if it says neither."""
        found = RATE.match(rate or "")
        if found is None:
            raise ValueError(f"{rate!r} is no rate")
        return int(found[1]), int(found[2] or 1) * SECONDS[found[3]]

    def allow_request(self, request: Any, view: APIView | None) -> bool:
        """Count the request, unless it is one too many; return whether it may go on."""
        with self.alone(self.get_cache_key(request, view)):
            allowed = bool(super().allow_request(request, view))  # type: ignore[arg-type]  # META only
        if self.is_told:
            _note(request, self)
        return allowed

    def refund(self) -> None:
        """Take back the request that was counted last: it did not do what is limited here."""
        with self.alone(self.key):
            left = list(self.cache.get(self.key, []))
            if self.now in left:
                left.remove(self.now)
                self.cache.set(self.key, left, self.duration)

    def forget(self, request: Any) -> None:
        """Begin to count anew for whom this request is counted for."""
        self.cache.delete(self.get_cache_key(request, None))

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Let nobody else, in no other process, count for this key meanwhile."""
        with transaction.atomic():
            locks.hold(f"limit {self.cache.make_key(key)}")
            yield

    def left(self) -> int:
        """Return how many more requests may come now."""
        return max(0, self.num_requests - len(self.history))

    def seconds(self) -> int:
        """Return in how many seconds there will be room for one more than now."""
        oldest = self.history[-1] if self.history else self.now
        return max(0, int(oldest + self.duration - self.now) + 1)


class LocalLimit(Limit):
    """Counted in this process alone, without a query."""

    cache = caches["process"]

    @contextmanager
    def alone(self, key: str) -> Iterator[None]:
        """Let no other thread count meanwhile."""
        with _one_thread:
            yield


class PersonLimit(LocalLimit):
    """So many requests per signed-in person (by address for others)."""

    scope = "person"

    def who(self, request: Request) -> str:
        return str(request.user.pk) if request.user.is_authenticated else network_of(request)


class WorkspaceLimit(LocalLimit):
    """So many requests per workspace, all its people together."""

    scope = "workspace"

    def who(self, request: Request) -> str:
        return f"workspace:{current()}"


class RateLimitMiddleware:
    """Tells clients how near they are to the limits that were looked at on the way.

    https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/ (version 10).
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if limits := _noted(request):
            response["RateLimit-Policy"] = ", ".join(
                f'"{each.scope}";q={each.num_requests};w={each.duration}' for each in limits
            )
            response["RateLimit"] = ", ".join(
                f'"{each.scope}";r={each.left()};t={each.seconds()}' for each in limits
            )
        return response


def _note(request: Any, limit: Limit) -> None:
    _noted(getattr(request, "_request", request)).append(limit)


def _noted(request: HttpRequest) -> list[Limit]:
    noted: list[Limit] = request.__dict__.setdefault("_rate_limits", [])
    return noted
