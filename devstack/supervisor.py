"""Starts parts again that die while the system serves."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass

from devstack.processes import PartFailed, ending
from devstack.stack import Stack

LOOK_EVERY = 0.2
STEADY_SECONDS = 30.0  # a part that lived this long has no history of failures any more
LONGEST_PAUSE = 30.0


@dataclass
class History:
    """How often a part failed lately, and when it is due for another start (None: it runs)."""

    failures: int = 0
    due: float | None = None

    def failed(self, *, lived: float) -> float:
        """Note one more failure and return the pause before the next start, in seconds."""
        self.failures = 1 if lived >= STEADY_SECONDS else self.failures + 1
        pause = 0.0 if self.failures == 1 else min(2.0 ** (self.failures - 2), LONGEST_PAUSE)
        self.due = time.monotonic() + pause
        return pause


class Supervisor(threading.Thread):
    """Watches a stack until `finish()`; `say` tells a person, `changed` follows a new process.

    With `names` it looks after these parts alone.
    """

    def __init__(
        self,
        stack: Stack,
        *,
        say: Callable[[str], None],
        changed: Callable[[], None],
        names: Collection[str] | None = None,
    ) -> None:
        super().__init__(name="supervisor", daemon=True)
        self._stack = stack
        self._say = say
        self._changed = changed
        self._finished = threading.Event()
        self._histories = {name: History() for name in (stack.ours if names is None else names)}

    def run(self) -> None:
        while not self._finished.wait(LOOK_EVERY):
            for name, history in self._histories.items():
                with self._stack.guard:
                    if not self._finished.is_set():
                        self._look_after(name, history)

    def finish(self) -> None:
        """Start nothing any more; returns when a start under way is over."""
        self._finished.set()
        self.join()

    def _look_after(self, name: str, history: History) -> None:
        running = self._stack.running.get(name)
        if running is not None and running.exit_code is not None:
            pause = history.failed(lived=time.monotonic() - running.started)
            self._stack.kill_part(name)
            when = f"in {pause:.0f} s" if pause else "now"
            self._say(f"{name} ended ({ending(running.exit_code)}); starting it again {when}.")
        if history.due is not None and time.monotonic() >= history.due:
            self._start(name, history)

    def _start(self, name: str, history: History) -> None:
        history.due = None
        try:
            self._stack.start_part(name)
        except PartFailed as failed:
            pause = history.failed(lived=0)
            self._say(f"{failed}; trying again in {pause:.0f} s. Its log: {failed.log}")
        else:
            self._say(f"{name} serves again.")
            self._changed()
