"""Idempotency keys: the same request gets the same answer, another one is refused."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mock_stripe.errors import ApiError
from mock_stripe.store import Change
from mock_stripe.table import Document

_LONGEST_KEY = 255
_KEPT_SECONDS = 86_400


class KeysInUse:
    """The keys of requests that are being answered right now."""

    def __init__(self) -> None:
        self._keys: set[str] = set()
        self._lock = threading.Lock()

    @contextmanager
    def claim(self, key: str) -> Iterator[None]:
        """Hold a key for the time of one request; raises ApiError 409 if another one holds it."""
        if len(key) > _LONGEST_KEY:
            raise ApiError(400, "Idempotency keys can be at most 255 characters long.",
                           kind="idempotency_error")  # fmt: skip
        with self._lock:
            if key in self._keys:
                raise ApiError(
                    409,
                    "There is currently another in-progress request using this Idempotent Key "
                    f"(that probably means you submitted twice): {key}",
                    kind="idempotency_error",
                    code="idempotency_key_in_use",
                )
            self._keys.add(key)
        try:
            yield
        finally:
            with self._lock:
                self._keys.discard(key)


def earlier_answer(change: Change, key: str, fingerprint: str) -> Document | None:
    """Return the answer kept for a key; raises ApiError if it answered another request."""
    answer = change.get("_answer", key)
    if answer is None or answer["created"] < change.real - _KEPT_SECONDS:
        return None
    if answer["fingerprint"] != fingerprint:
        raise ApiError(
            400,
            "Keys for idempotent requests can only be used with the same parameters they were "
            f"first used with. Try using a key other than '{key}' if you meant to execute a "
            "different request.",
            kind="idempotency_error",
        )
    return answer


def keep_answer(change: Change, key: str, fingerprint: str, status: int, body: str) -> None:
    """Keep an answer for its key, in the same change as what it tells of."""
    change.put(
        {
            "object": "_answer",
            "id": key,
            "created": change.real,
            "fingerprint": fingerprint,
            "status": status,
            "body": body,
            "request_id": change.request_id,
        }
    )
