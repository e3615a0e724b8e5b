"""Start a program whose clock is off: `python -m tests.core.shifted_clock SECONDS PROGRAM [ARGUMENT …]`.

Whatever asks Python for the time is told another one by so much, in this process alone. That the
moment is asked of `time` or of `datetime`, before or after, by us or by a library, is all the same.
"""

from __future__ import annotations

import ctypes
import datetime
import gc
import runpy
import sys
import time


def shift(seconds: float) -> None:
    """Let this process's clock be ahead by so many seconds, or behind by them if below nothing."""
    real = time.time

    def shifted() -> float:
        return real() + seconds

    def now(cls: type[datetime.datetime], tz: datetime.tzinfo | None = None) -> datetime.datetime:
        return cls.fromtimestamp(shifted(), tz)

    time.time = shifted
    time.time_ns = lambda: int(shifted() * 1_000_000_000)
    # Classes written in C let nobody set an attribute; a class of our own in its place would be
    # unlike what libraries have made and hold already. So: into the very dictionary of the class.
    [attributes] = [
        each for each in gc.get_referents(datetime.datetime.__dict__) if isinstance(each, dict)
    ]
    attributes["now"] = classmethod(now)
    ctypes.pythonapi.PyType_Modified(ctypes.py_object(datetime.datetime))


if __name__ == "__main__":
    ahead, *sys.argv = sys.argv[1:]
    shift(float(ahead))
    runpy.run_path(sys.argv[0], run_name="__main__")
