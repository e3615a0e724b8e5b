"""Sums that a process keeps in memory for a moment before they are added to the database's.

Adding takes microseconds and never fails its caller. What can't be written is kept for the next time.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from threading import Lock
from typing import Any, Generic, Protocol, TypeVar

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper


class Summable(Protocol):
    """A sum to which others of its kind are added."""

    def add(self, other: Any, /) -> None:
        """Add what another one holds."""


K = TypeVar("K")
S = TypeVar("S", bound=Summable)
_buffers: list[Buffer[Any, Any]] = []


class Buffer(Generic[K, S]):
    """Sums by their key. `write` adds them to the database's, in its caller's transaction."""

    def __init__(self, *, write: Callable[[CursorWrapper, dict[K, S]], None]) -> None:
        self._write = write
        self._lock = Lock()
        self._sums: dict[K, S] = {}
        _buffers.append(self)

    def add(self, key: K, seen: S, *, most: int | None = None, beyond: K | None = None) -> None:
        """Add what was seen under a key; the first one of a key is kept itself.

        Where a new key would be more than `most`, it is added under `beyond`.
        """
        with self._lock:
            is_new = key not in self._sums
            if most is not None and beyond is not None and is_new and len(self._sums) >= most:
                key = beyond
            if key in self._sums:
                self._sums[key].add(seen)
            else:
                self._sums[key] = seen

    def forget(self) -> dict[K, S]:
        """Return all that has come together, and begin anew."""
        with self._lock:
            taken, self._sums = self._sums, {}
        return taken

    def flush(self) -> None:
        """Add what was seen to the database's sums; on an error it is kept for the next time."""
        taken = self.forget()
        if not taken:
            return
        written = False
        try:
            with transaction.atomic(), connection.cursor() as cursor:
                # Sums are worth no wait for the disk.
                cursor.execute("SET LOCAL synchronous_commit = off")
                self._write(cursor, taken)
            written = True
        finally:
            if not written:
                for key, seen in taken.items():
                    self.add(key, seen)


def flush_all() -> None:
    """Write down what this process has summed up, of every kind."""
    for buffer in _buffers:
        buffer.flush()


def added(ours: Iterable[int], theirs: Iterable[int]) -> list[int]:
    """Return two histograms of the same buckets as one."""
    return [mine + other for mine, other in zip(ours, theirs, strict=True)]


def buckets_added(column: str) -> str:
    """Return the SQL that adds the buckets of `excluded` to those `kept` of the same column.

    Bounds may change with a release: then the buckets begin anew, and what is only counted goes on.
    """
    kept, more = f"kept.{column}", f"excluded.{column}"
    return f"""{column} = CASE WHEN cardinality({kept}) <> cardinality({more}) THEN {more}
        ELSE ARRAY(SELECT a + b FROM unnest({kept}, {more})
            WITH ORDINALITY AS pair(a, b, place) ORDER BY place) END"""  # noqa: S608 - our own words
