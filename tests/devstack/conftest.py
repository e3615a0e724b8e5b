"""The machinery is tested on real processes, real ports and a real PostgreSQL, without the app."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from devstack import environment
from devstack.processes import ROOT
from devstack.stack import Stack
from devstack.watchdog import Watchdog
from tests.devstack.waiting import Starter


@pytest.fixture
def outside() -> dict[str, str]:
    """An environment in which nobody asks for anything."""
    return environment.without_settings(os.environ)


@pytest.fixture
def stack(tmp_path: Path, outside: dict[str, str]) -> Iterator[Stack]:
    """A stack of which nothing runs yet."""
    stack = Stack(tmp_path / "state", environ=outside)
    yield stack
    stack.discard()


@pytest.fixture
def watchdog() -> Iterator[Watchdog]:
    watchdog = Watchdog()
    yield watchdog
    watchdog.close()


@pytest.fixture
def starter(tmp_path: Path, outside: dict[str, str]) -> Iterator[Starter]:
    """Run a script that prints pids on one line, and give them with all of their descendants."""
    started: list[subprocess.Popen[str]] = []

    def start(script: str) -> tuple[subprocess.Popen[str], list[psutil.Process]]:
        process = subprocess.Popen(
            [sys.executable, "-c", script, str(tmp_path / "state")],
            cwd=ROOT,
            env=outside,
            stdout=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        assert process.stdout is not None
        parts = [psutil.Process(int(pid)) for pid in process.stdout.readline().split()]
        children = [child for part in parts for child in part.children(recursive=True)]
        return process, [*parts, *children]

    yield start
    for process in started:
        process.kill()
        process.communicate()
