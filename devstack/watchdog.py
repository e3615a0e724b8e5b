"""Ends the parts when their starter is gone, however it went: nothing outlives a `kill -9`.

A tiny process holds the read end of a pipe and is told which processes live. When the starter ends,
the kernel closes the other end, and what is still on the list is stopped. Works on any POSIX.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable

GRACE_SECONDS = 10.0


class Watchdog:
    """The starter's side. `held` are descriptors (a lock) to keep open until all parts are gone."""

    def __init__(self, *, held: Iterable[int] = ()) -> None:
        self._held = tuple(held)
        self._watched: dict[int, int] = {}
        self._guard = threading.Lock()
        self._process = self._spawn()

    def watch(self, pid: int, stop_signal: int) -> None:
        """Have a process and its group ended when we are gone: first by `stop_signal`, to it."""
        with self._guard:
            self._watched[pid] = stop_signal
            self._tell(f"watch {pid} {int(stop_signal)}\n")

    def forget(self, pid: int) -> None:
        """Leave a process alone from now on: it has ended and its number may be reused."""
        with self._guard:
            self._watched.pop(pid, None)
            self._tell(f"forget {pid}\n")

    def close(self) -> None:
        """End the watchdog, and whatever it still watches."""
        self._process.communicate()

    def _tell(self, line: str) -> None:
        try:
            self._write(line)
        except BrokenPipeError:
            # Somebody killed the watchdog itself: a new one learns the whole list.
            with contextlib.suppress(BrokenPipeError):
                self._process.communicate()
            self._process = self._spawn()
            for pid, stop_signal in self._watched.items():
                self._write(f"watch {pid} {int(stop_signal)}\n")

    def _write(self, line: str) -> None:
        assert self._process.stdin is not None  # noqa: S101 - opened as a pipe below
        os.write(self._process.stdin.fileno(), line.encode())

    def _spawn(self) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            [sys.executable, "-I", os.path.abspath(__file__)],
            stdin=subprocess.PIPE,
            pass_fds=self._held,
            start_new_session=True,
        )


def main() -> None:
    """Read the list from the pipe until it closes, then end what is on it."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    watched: dict[int, int] = {}
    for line in sys.stdin:
        verb, pid, *rest = line.split()
        if verb == "watch":
            watched[int(pid)] = int(rest[0])
        else:
            watched.pop(int(pid), None)
    end_all(watched)


def end_all(watched: dict[int, int]) -> None:
    """Ask every process to stop, wait, then kill what is left of it and its group."""
    for pid, stop_signal in watched.items():
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, stop_signal)
    deadline = time.monotonic() + GRACE_SECONDS
    while time.monotonic() < deadline and any(map(is_there, watched)):
        time.sleep(0.05)
    for pid in watched:
        for end in (os.killpg, os.kill):  # the second for one that leads no group of its own
            with contextlib.suppress(ProcessLookupError, PermissionError):
                end(pid, signal.SIGKILL)


def is_there(pid: int) -> bool:
    """Whether a process of this number lives, whoever owns it."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _has_ended(pid)


def _has_ended(pid: int) -> bool:
    """Whether only its entry is left: some containers have no init that would clear it away."""
    try:
        with open(f"/proc/{pid}/stat", "rb") as stat:
            return stat.read().rpartition(b") ")[2].startswith(b"Z")
    except OSError:
        return False  # it just went, or this system tells nothing


if __name__ == "__main__":
    main()
