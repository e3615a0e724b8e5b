"""Work that is over within a time, whatever it waits for: an answer that drips, a name's look-up."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future, wait
from threading import BoundedSemaphore, Thread
from typing import TypeVar

T = TypeVar("T")
# So many may be under way in one process, those included that nobody waits for any more.
MOST_CALLS = 100
_room = BoundedSemaphore(MOST_CALLS)


class DeadlineExceeded(Exception):
    """There was no answer within the time."""


def within(seconds: float, work: Callable[[], T], *, name: str = "a call outside") -> T:
    """Return what `work` returns, or raise what it raises; `DeadlineExceeded` when it takes longer.

    It goes on in its thread then, until its own timeouts end it, and nobody hears how it ended.
    """
    if seconds <= 0 or not _room.acquire(blocking=False):
        raise DeadlineExceeded(f"{name}: not within the time")
    done: Future[T] = Future()
    Thread(target=_do, args=(work, done), name=name, daemon=True).start()
    if not wait([done], timeout=seconds).done:
        raise DeadlineExceeded(f"{name}: not within {seconds:.0f} s")
    return done.result()


def _do(work: Callable[[], T], done: Future[T]) -> None:
    try:
        result = work()
    except BaseException as error:  # noqa: BLE001 - handed to whoever waits
        done.set_exception(error)
    else:
        done.set_result(result)
    finally:
        _room.release()
