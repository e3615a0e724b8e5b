"""What a store for archives is: files under keys, behind six verbs."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol


class NoStore(Exception):
    """There is no store for archives, or it is out of reach; the message says why."""


class NotKept(NoStore):
    """The store is there, and nothing is kept in it under this key."""


class Store(Protocol):
    """Keeps files under keys such as `tenant-7/x.zip`; each is there whole, or not at all."""

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of a file; one of this key is replaced."""

    def fetch(self, key: str, to: Path) -> None:
        """Write what is kept to a file. Raises `NotKept` if there is nothing."""

    def open(self, key: str) -> BinaryIO:
        """Return what is kept, to be read and closed. Raises `NotKept` if there is nothing."""

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin so, sorted."""

    def delete(self, key: str) -> None:
        """Destroy what is kept; nothing happens if there is nothing."""

    def tidy(self, prefix: str = "", *, older_than: timedelta) -> None:
        """Destroy what a kill has left half-written so long ago."""
