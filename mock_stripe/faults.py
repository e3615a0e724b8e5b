"""Faults on request: the API is slow, drips its answer, answers with errors, or hangs up."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field

from mock_stripe.errors import ApiError, card_declined

_KINDS = {
    401: ("Invalid API Key provided: sk_test_****", "invalid_request_error", None),
    429: ("Request rate limit exceeded.", "invalid_request_error", "rate_limit"),
    404: ("No such object.", "invalid_request_error", "resource_missing"),
    409: ("This object cannot be accessed right now.", "invalid_request_error", "lock_timeout"),
}


@dataclass(kw_only=True)
class Fault:
    """One fault: which calls it befalls, how often, and what it does to them."""

    path: str = "/v1/"
    method: str | None = None
    status: int | None = None
    delay_ms: int = 0
    drip_ms: int = 0
    drop_connection: bool = False
    after: bool = False
    count: int | None = None

    def befalls(self, method: str, path: str) -> bool:
        """Say whether a call is one that this fault is for."""
        return path.startswith(self.path) and self.method in {None, method}

    def error(self) -> ApiError | None:
        """Return the error that it answers with, or None if it only delays or hangs up."""
        if self.status is None:
            return None
        if self.status == 402:
            return card_declined()
        usual = ("An error occurred in the mock Stripe, as asked for.", "api_error", None)
        message, kind, code = _KINDS.get(
            self.status, usual if self.status >= 500 else (usual[0], "invalid_request_error", None)
        )
        return ApiError(self.status, message, kind=kind, code=code)


@dataclass
class Faults:
    """The faults that are set, in the order of their setting; the first that fits strikes."""

    _set: list[Fault] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, fault: Fault) -> None:
        """Set a fault."""
        with self._lock:
            self._set.append(fault)

    def clear(self) -> None:
        """Have everything work again."""
        with self._lock:
            self._set.clear()

    def strike(self, method: str, path: str) -> Fault | None:
        """Return the fault that befalls this call, used up by one, or None."""
        with self._lock:
            for fault in self._set:
                if fault.befalls(method, path):
                    self._use(fault)
                    return fault
        return None

    def listed(self) -> list[Fault]:
        """Return the faults that are set."""
        with self._lock:
            return list(self._set)

    def _use(self, fault: Fault) -> None:
        if fault.count is not None:
            fault.count -= 1
            if fault.count <= 0:
                self._set.remove(fault)
