"""Running checks: each a command that must succeed, shown as a line; all run, even if one fails."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial

from devstack.console import Screen
from devstack.os_signals import Stopped
from devstack.processes import ROOT
from devstack.stack import Stack

FAREWELL_SECONDS = 20.0


@dataclass(frozen=True, kw_only=True)
class Check:
    """A command that must succeed. A `loud` one writes straight to the terminal.

    `bin/test --check NAME` runs one alone, without PostgreSQL unless it needs that. Those `by_node`
    need nothing that the others make, and these nothing of theirs.
    """

    name: str
    title: str
    command: tuple[str, ...]
    needs_database: bool = False
    environ: Mapping[str, str] = field(default_factory=dict)
    loud: bool = False
    by_node: bool = False


class Runner:
    """Runs checks and remembers which failed."""

    def __init__(self, stack: Stack, screen: Screen, environ: Mapping[str, str]) -> None:
        self.failed: list[str] = []
        self._stack = stack
        self._screen = screen
        self._environ = environ
        self._going: set[subprocess.Popen[str]] = set()
        self._stopped = threading.Event()

    def run_two_at_once(self, checks: Iterable[Check]) -> None:
        """Run those by node in their order, and beside them the others in theirs."""
        sides: dict[bool, list[Check]] = {False: [], True: []}
        for check in checks:
            sides[check.by_node].append(check)
        beside = threading.Thread(target=self._run_each, args=(sides[True],), name="checks by node")
        beside.start()
        try:
            self._run_each(sides[False])
            beside.join()
        except Stopped:
            self._stopped.set()
            self._tell_all(signal.SIGINT)
            beside.join(FAREWELL_SECONDS)
            self._tell_all(signal.SIGKILL)
            beside.join()
            raise

    def run(self, check: Check) -> int:
        """Run one check and show how it went; return its exit code."""
        try:
            if check.loud:
                self._screen.heading(check.title)
                self._execute(check)
            else:
                self._screen.step(check.title, partial(self._execute, check))
        except subprocess.CalledProcessError as error:
            self.failed.append(check.title)
            if error.stdout and not self._stopped.is_set():
                self._screen.plain(f"{check.title}:\n{error.stdout.rstrip()}")
            return error.returncode
        return 0

    def _tell_all(self, number: signal.Signals) -> None:
        for process in list(self._going):
            process.send_signal(number)

    def _run_each(self, checks: Iterable[Check]) -> None:
        for check in checks:
            if self._stopped.is_set():
                return
            self.run(check)

    def _execute(self, check: Check) -> None:
        process = subprocess.Popen(
            check.command,
            cwd=ROOT,
            env={**self._environ, **check.environ},
            stdout=None if check.loud else subprocess.PIPE,
            stderr=None if check.loud else subprocess.STDOUT,
            text=True,
        )
        watchdog = self._stack.watchdog
        watchdog.watch(process.pid, signal.SIGINT)
        self._going.add(process)
        try:
            output, _ = process.communicate()
        except Stopped:
            self._end(process)
            raise
        finally:
            self._going.discard(process)
            watchdog.forget(process.pid)
        if process.returncode:
            raise subprocess.CalledProcessError(process.returncode, check.command, output)

    def _end(self, process: subprocess.Popen[str]) -> None:
        """Let tests stop what they started: Ctrl-C has reached them already, SIGTERM has not."""
        process.send_signal(signal.SIGINT)
        try:
            process.communicate(timeout=FAREWELL_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
