"""A thread beside the requests of each web and worker process, for what no request should do.

It starts where a process is there to stay (gunicorn's workers, `manage.py worker`); a command that
ends by itself has none.
"""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable
from dataclasses import dataclass
from threading import Event, Thread

import structlog
from django.db import DatabaseError, close_old_connections, connection

from public_apps.monitoring import buffers

log = structlog.get_logger(__name__)
FLUSH_SECONDS = 2.0
LAST_SECONDS = 5.0
_PAUSE_SECONDS = 0.5


@dataclass(kw_only=True)
class BackgroundTask:
    """Something to do again and again."""

    name: str
    every: float  # seconds
    work: Callable[[], None]
    in_web: bool = True
    in_worker: bool = True
    due: float = 0.0


_tasks: list[BackgroundTask] = []
_stop = Event()


def register(task: BackgroundTask) -> None:
    """Have every process that stays do this from now on; it may run in several at once."""
    _tasks.append(task)


def start(*, web: bool) -> None:
    """Begin in this process, and write down what was counted when it ends."""
    tasks = [task for task in _tasks if (task.in_web if web else task.in_worker)]
    thread = Thread(target=_run, args=(tasks,), name="background", daemon=True)
    thread.start()
    atexit.register(_end, thread)


def _run(tasks: list[BackgroundTask]) -> None:
    while not _stop.wait(_PAUSE_SECONDS):
        for task in tasks:
            if task.due <= time.monotonic():
                task.due = time.monotonic() + task.every
                _do(task)


def _do(task: BackgroundTask) -> None:
    close_old_connections()
    try:
        task.work()
    except DatabaseError as error:
        connection.close()
        log.warning("chore put off", chore=task.name, error=type(error).__name__)
    except Exception:
        log.exception("chore failed", chore=task.name)


def _end(thread: Thread) -> None:
    _stop.set()
    # What it is about to write is out of the counters already, and would end with it.
    thread.join(LAST_SECONDS)
    _do(_FLUSH)


_FLUSH = BackgroundTask(name="flush", every=FLUSH_SECONDS, work=buffers.flush_all)
register(_FLUSH)
