"""The lane's whole system rests while no test asks for it: idle, it takes 3 to 4 % of a processor."""

from __future__ import annotations

import time

from devstack.stack import Stack

PATIENCE = 60.0  # a start costs what so many seconds of idleness do, and more
PARTS = ("worker", "web")  # the web goes, too: it would tell that there is no worker


class Resting:
    """Stops a system's web and worker when nobody has used it for a while, and starts them again."""

    def __init__(self, stack: Stack) -> None:
        self._stack = stack
        self._used = time.monotonic()

    def before(self, *, used: bool) -> None:
        """Call it before each test with whether that one uses the system."""
        now = time.monotonic()
        if used:
            self._wake()
            self._used = now
        elif now - self._used > PATIENCE:
            for name in PARTS:
                if name in self._stack.running:
                    self._stack.stop_part(name)

    def _wake(self) -> None:
        missing = [name for name in PARTS if name not in self._stack.running]
        for name in missing:
            self._stack.start_part(name)
        if missing:
            self._stack.wait_ready()
