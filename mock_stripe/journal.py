"""The state on disk: a file to which every change appends one line, whole or not at all."""

from __future__ import annotations

import fcntl
import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path

# One entry: the kind of object, its id, and its JSON text, or None once it is gone.
Entry = tuple[str, str, str | None]


class StateInUse(Exception):
    """Another mock Stripe works on this folder."""


class StateDamaged(Exception):
    """A line other than the last cannot be read: somebody else wrote to the file."""


class Journal:
    """An append-only file of changes. Survives kill -9: a torn last line never happened."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._path = folder / "journal.jsonl"
        self._lock = (folder / "lock").open("w")
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise StateInUse(f"another mock Stripe is using {folder}") from error
        self._path.touch()
        self._file = self._path.open("r+b", buffering=0)

    def read(self) -> Iterator[list[Entry]]:
        """Yield every change since the beginning, and stand ready to append after the last."""
        good = 0
        with self._path.open("rb") as lines:
            for line in lines:
                if not line.endswith(b"\n"):
                    break
                yield _decode(line, self._path)
                good += len(line)
        self._file.truncate(good)
        self._file.seek(good)

    def append(self, change: list[Entry]) -> None:
        """Write one change. It is safe from a crash of this process when this returns."""
        start = self._file.tell()
        try:
            _write(self._file.fileno(), _encode(change))
        except OSError:
            # A full disk: without this, the next line would be written behind half a line.
            self._file.truncate(start)
            self._file.seek(start)
            raise

    def rewrite(self, changes: Iterable[list[Entry]]) -> None:
        """Put these changes in place of all before, in one step."""
        fresh = self._path.with_suffix(".new")
        with fresh.open("wb") as file:
            file.writelines(_encode(change) for change in changes)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)
        self._file.close()
        self._file = self._path.open("r+b", buffering=0)
        self._file.seek(0, os.SEEK_END)

    def close(self) -> None:
        """Let go of the folder."""
        self._file.close()
        self._lock.close()


def _write(descriptor: int, line: bytes) -> None:
    # write(2) may take less than it was given, on a full disk above all.
    written = 0
    while written < len(line):
        written += os.write(descriptor, line[written:])


def _encode(change: list[Entry]) -> bytes:
    return json.dumps(change, separators=(",", ":")).encode() + b"\n"


def _decode(line: bytes, path: Path) -> list[Entry]:
    try:
        return [(kind, object_id, text) for kind, object_id, text in json.loads(line)]
    except (ValueError, TypeError) as error:
        raise StateDamaged(f"{path} has a line that is no change: {line[:80]!r}") from error
