"""A run's folder: one run at a time in it, and what it must remember for the next one."""

from __future__ import annotations

import errno
import fcntl
import json
import os
import time
from collections.abc import Callable
from pathlib import Path

from devstack.watchdog import is_there

LOCK = "lock"
MOMENT_SECONDS = 2.0


class StateInUse(Exception):
    """Another run holds the folder; the message says so in one sentence."""


DISK = {
    errno.ENOSPC: "is full",
    errno.EDQUOT: "is full",
    errno.EROFS: "is read-only",
    errno.EACCES: "may not be written by us",
    errno.EPERM: "may not be written by us",
}


def disk_refusal(error: OSError, folder: Path) -> str | None:
    """Return in one sentence what is wrong with the disk, or None if an error tells of another fault."""
    wrong = DISK.get(error.errno or 0)
    return f"{folder} {wrong}: CONCIERGE_STATE names another folder." if wrong else None


def write_private(path: Path, text: str) -> None:
    """Put `text` at `path`, readable by us alone; a reader sees the old text or the new, whole."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    draft.unlink(missing_ok=True)
    with open(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as sink:
        sink.write(text)
    draft.replace(path)


def hold(folder: Path, *, patience: float = 0.0) -> int:
    """Take the folder for this run and return the lock's descriptor. Raises StateInUse.

    Whoever inherits the descriptor holds the lock too: it is free when the last of them is gone.
    For those of a run whose starter is gone we wait `patience` seconds, else a moment at most.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lock = os.open(folder / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
    started = time.monotonic()
    while not _locked(lock):
        holder = os.pread(lock, 20, 0).decode().strip()
        lives = holder.isdecimal() and is_there(int(holder))
        if time.monotonic() - started >= (min(patience, MOMENT_SECONDS) if lives else patience):
            os.close(lock)
            raise StateInUse(
                f"{folder} is in use by process {holder or 'unknown'}: stop that run, or set"
                " CONCIERGE_STATE to another folder."
            )
        time.sleep(0.1)
    os.ftruncate(lock, 0)
    os.pwrite(lock, str(os.getpid()).encode(), 0)
    return lock


def _locked(lock: int) -> bool:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class Memory:
    """Named values in one private JSON file: a second start finds what the first chose."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def recall(self, name: str) -> str | None:
        """Return what was kept under `name`, if anything."""
        return self._read().get(name)

    def keep(self, name: str, value: str) -> None:
        """Keep `value` under `name`."""
        write_private(self._path, json.dumps({**self._read(), name: value}, indent=2) + "\n")

    def once(self, name: str, make: Callable[[], str]) -> str:
        """Return what was kept under `name`, made now if this is the first time."""
        value = self.recall(name)
        if value is None:
            value = make()
            self.keep(name, value)
        return value

    def _read(self) -> dict[str, str]:
        try:
            kept: dict[str, str] = json.loads(self._path.read_text())
        except FileNotFoundError:
            return {}
        return kept
