"""Waiting in tests for what other processes do."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Callable

import psutil

# Runs a script that prints pids on one line; gives it, and these with all of their descendants.
Starter = Callable[[str], tuple[subprocess.Popen[str], list[psutil.Process]]]


def eventually(held: Callable[[], object], *, seconds: float = 60.0) -> None:
    """Return when it holds; fail if it doesn't come to hold in the time that a slow machine needs."""
    deadline = time.monotonic() + seconds
    while not held():
        assert time.monotonic() < deadline, "it did not come to hold"
        time.sleep(0.05)


def is_gone(process: psutil.Process) -> bool:
    """Whether a process has ended; one that waits to be counted as ended by its parent has."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True
