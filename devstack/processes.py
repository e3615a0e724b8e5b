"""One part of the system as a process: started with its log, waited for, stopped."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from devstack.watchdog import Watchdog

ROOT = Path(__file__).resolve().parent.parent
START_TIMEOUT = 120.0  # a machine may be busy with others
STOP_TIMEOUT = 10.0
TAIL_LINES = 25
# The part waits for our word before it becomes itself. If we die first, the pipe closes and it
# ends: there is no moment at which a part lives and the watchdog does not know of it.
_WAIT_FOR_WORD = 'read -r go && input=$1 && shift && exec "$@" <"$input"'


@dataclass(frozen=True, kw_only=True)
class Account:
    """A user and group to run as, by number."""

    uid: int
    gid: int


@dataclass(frozen=True, kw_only=True)
class Part:
    """What to run, how to see that it serves, and what to try when it doesn't."""

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    hint: str
    environ: Mapping[str, str] = field(default_factory=dict)
    stop_signal: signal.Signals = signal.SIGTERM
    account: Account | None = None
    folder: Path = ROOT
    # Reads from the terminal and writes to it instead of to its log: for breakpoint().
    on_terminal: bool = False


class PartFailed(Exception):
    """A part or a command did not do its work; `log_tail` holds its last words."""

    def __init__(self, name: str, reason: str, *, log: Path, log_tail: str, hint: str) -> None:
        super().__init__(f"{name} {reason}")
        self.name = name
        self.log = log
        self.log_tail = log_tail
        self.hint = hint


class Running:
    """A started part."""

    def __init__(
        self, part: Part, process: subprocess.Popen[bytes], log: Path, offset: int
    ) -> None:
        self.part = part
        self.log = log
        self.pid = process.pid
        self.started = time.monotonic()
        self._process = process
        self._offset = offset

    @property
    def exit_code(self) -> int | None:
        """The leader's exit code, or None while it runs."""
        return self._process.poll()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the leader, if it still runs."""
        self._process.send_signal(number)

    def clear(self) -> None:
        """Kill whatever is left of the group, and wait for the leader."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait()

    def wait_gone(self, timeout: float) -> None:
        """Give the leader time to end by itself, then clear the group."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout)
        self.clear()

    def failure(self, reason: str) -> PartFailed:
        """Describe what went wrong, with the end of what this start wrote to the log."""
        return PartFailed(
            self.part.name,
            reason,
            log=self.log,
            log_tail=tail(self.log, offset=self._offset),
            hint=self.part.hint,
        )


def launch(part: Part, *, logs: Path, watchdog: Watchdog) -> Running:
    """Start a part; its output is added to `<name>.log`, or goes to the terminal."""
    log = logs / f"{part.name}.log"
    account = part.account
    with log.open("ab") as sink, _terminal(part) as keyboard:
        process = subprocess.Popen(
            ["/bin/sh", "-c", _WAIT_FOR_WORD, part.name, _path_of(keyboard), *part.command],
            stdin=subprocess.PIPE,
            stdout=None if part.on_terminal else sink,
            stderr=None if part.on_terminal else subprocess.STDOUT,
            pass_fds=() if keyboard is None else (keyboard,),
            cwd=part.folder,
            env=dict(part.environ),
            start_new_session=True,
            user=account.uid if account else None,
            group=account.gid if account else None,
            extra_groups=[] if account else None,
        )
        watchdog.watch(process.pid, part.stop_signal)
        running = Running(part, process, log, offset=sink.tell())
    with contextlib.suppress(BrokenPipeError):
        _give_word(process)
    return running


@contextmanager
def _terminal(part: Part) -> Iterator[int | None]:
    """Have our own input once more for a part that reads from it: its first one gives the word."""
    keyboard = os.dup(0) if part.on_terminal else None
    try:
        yield keyboard
    finally:
        if keyboard is not None:
            os.close(keyboard)


def _path_of(keyboard: int | None) -> str:
    return os.devnull if keyboard is None else f"/dev/fd/{keyboard}"


def _give_word(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None  # noqa: S101 - opened as a pipe above
    with process.stdin as pipe:
        pipe.write(b"go\n")


def wait_until_ready(running: Running, *, timeout: float = START_TIMEOUT) -> None:
    """Return when the part serves; raise PartFailed if it ends before that, or takes too long."""
    deadline = time.monotonic() + timeout
    while True:
        ready = running.part.ready()
        if running.exit_code is not None:
            raise running.failure(f"stopped at its start ({ending(running.exit_code)})")
        if ready:
            return
        if time.monotonic() >= deadline:
            raise running.failure(f"did not serve within {timeout:.0f} s")
        time.sleep(0.05)


def stop(running: Running, *, watchdog: Watchdog, timeout: float = STOP_TIMEOUT) -> None:
    """Ask a part to end, then make it end; none of its processes is left."""
    running.signal(running.part.stop_signal)
    running.wait_gone(timeout)
    watchdog.forget(running.pid)


def kill(running: Running, *, watchdog: Watchdog) -> None:
    """End a part and all of its processes at once, as a crash would."""
    running.clear()
    watchdog.forget(running.pid)


def ending(code: int) -> str:
    """Say how a process ended, from its exit code."""
    return f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"


def tail(log: Path, *, offset: int = 0, lines: int = TAIL_LINES) -> str:
    """Return the last lines written to a log after `offset`."""
    try:
        with log.open("rb") as source:
            source.seek(offset)
            text = source.read().decode(errors="replace")
    except FileNotFoundError:
        return ""
    return "\n".join(text.splitlines()[-lines:])
