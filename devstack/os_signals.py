"""How a run is told to end: Ctrl-C, SIGTERM, or the terminal going away."""

from __future__ import annotations

import os
import signal
from types import FrameType

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(BaseException):
    """Somebody asked the run to end. No Exception: nothing but the outermost caller handles it."""

    def __init__(self, number: int) -> None:
        super().__init__(number)
        self.exit_code = 128 + number


def listen() -> None:
    """Turn the first request to end into Stopped, in the main thread; a second one ends us at once.

    The watchdog then ends the parts, so that even an impatient person leaves nothing behind.
    """
    for number in ENDINGS:
        signal.signal(number, _stop)


def _stop(number: int, frame: FrameType | None) -> None:
    for ending in ENDINGS:
        signal.signal(ending, _give_up)
    raise Stopped(number)


def _give_up(number: int, frame: FrameType | None) -> None:
    os._exit(128 + number)
