"""What is to be done at a time: a queue of ids by due time, and a thread that hands them out."""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable


class Timetable:
    """Calls `act` with each id once its time has come, in one thread of its own."""

    def __init__(self, name: str, act: Callable[[str], None], now: Callable[[], float]) -> None:
        self._act = act
        self._now = now
        self._due: list[tuple[float, str]] = []
        self._changed = threading.Condition()
        self._stopped = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Begin to act."""
        self._thread.start()

    def add(self, at: float, object_id: str) -> None:
        """Have something done at a time; at once if that is past."""
        with self._changed:
            heapq.heappush(self._due, (at, object_id))
            self._changed.notify()

    def wake(self) -> None:
        """Look at the clock anew: it may have been moved."""
        with self._changed:
            self._changed.notify()

    def run_due(self) -> None:
        """Act on all that is due, in the caller's thread; nobody has to have started it."""
        while self._due and self._due[0][0] <= self._now():
            self._act(heapq.heappop(self._due)[1])

    def stop(self) -> None:
        """Act no more."""
        with self._changed:
            self._stopped = True
            self._changed.notify()

    def _run(self) -> None:
        while (object_id := self._next()) is not None:
            self._act(object_id)

    def _next(self) -> str | None:
        with self._changed:
            while not self._stopped:
                wait = self._due[0][0] - self._now() if self._due else threading.TIMEOUT_MAX
                if wait <= 0:
                    return heapq.heappop(self._due)[1]
                self._changed.wait(min(wait, threading.TIMEOUT_MAX))
            return None


def wall_clock() -> float:
    """Return the real time; deliveries and their signatures know no other."""
    return time.time()
