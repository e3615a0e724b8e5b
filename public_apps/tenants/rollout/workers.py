"""Hands that migrate: one tenant at a time each, in processes beside each other.

They live from what was worked out before they were forked, and die with their parent: each looks
for it before the next tenant. Whatever happens, a tenant's migration is done and recorded, or
neither.
"""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any, cast

import structlog
from django.db import DatabaseError, Error, connection, connections
from django.db.backends.signals import connection_created

from public_apps.core.schema_context import to_public
from public_apps.tenants import schema_creation
from public_apps.tenants.schema_migrations import applied, executor
from public_apps.tenants.schema_migrations.plan import Plan

log = structlog.get_logger(__name__)
# A waiting ALTER holds up whoever comes after it: it gives way soon, and tries again.
LOCK_TIMEOUT_MS = 500
ATTEMPTS = 12
PAUSE_SECONDS = 0.2
# In one message: more hardly saves anything, and a hand that is to stop comes to its end first.
TOGETHER = 16
GAVE_WAY = frozenset({"55P03", "40P01"})  # lock_not_available, deadlock_detected


@dataclass(frozen=True, kw_only=True)
class Task:
    """One tenant to bring to head; `settled` says that its earlier plans came to their end."""

    schema_name: str
    plan: Plan
    settled: bool


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How it went: no error means that the schema is at head."""

    schema_name: str
    milliseconds: int
    error: str = ""


def do(task: Task, *, canary: bool = False, again: bool = False) -> Outcome:
    """Bring one tenant to head, trying again while somebody holds what it needs.

    `again` says that some of its plan may be done already.
    """
    begun = time.monotonic()
    error = ""
    for attempt in range(1, ATTEMPTS + 1):
        problem = _attempt(task, again=again or attempt > 1, canary=canary)
        error = "" if problem is None else f"{type(problem).__name__}: {problem}"
        if problem is None or not gave_way(problem):
            break
        time.sleep(PAUSE_SECONDS * attempt)
    milliseconds = round(1000 * (time.monotonic() - begun))
    return Outcome(schema_name=task.schema_name, milliseconds=milliseconds, error=error)


def batches(tasks: Sequence[Task]) -> Iterator[list[Task]]:
    """Yield all tasks in their order: together are a few that have but the same to say, others alone."""
    batch: list[Task] = []
    for task in tasks:
        if batch and not (len(batch) < TOGETHER and _goes_with(task, batch[0])):
            yield batch
            batch = []
        batch.append(task)
    if batch:
        yield batch


def _goes_with(task: Task, first: Task) -> bool:
    plan = task.plan
    return (
        (plan is first.plan and task.settled and first.settled)
        and plan.is_text
        and not plan.could_do_anything
    )


def do_together(batch: Sequence[Task], *, canary: bool = False) -> list[Outcome]:
    """Bring a batch to head, in one message if there are several; if that fails, each by itself."""
    if len(batch) == 1:
        return [do(batch[0], canary=canary)]
    begun = time.monotonic()
    try:
        executor.repeat([task.schema_name for task in batch], batch[0].plan)
    except Error:
        _recover()
        return [do(task, again=True) for task in batch]
    each = round(1000 * (time.monotonic() - begun) / len(batch))
    return [Outcome(schema_name=task.schema_name, milliseconds=each) for task in batch]


def _attempt(task: Task, *, again: bool, canary: bool) -> Exception | None:
    try:
        done = applied.applied(task.schema_name) if again else task.plan.applied
        executor.migrate(
            task.schema_name, task.plan, done=done, settled=task.settled, canary=canary
        )
        if task.plan.could_do_anything:
            schema_creation.verify(task.schema_name)
    except Exception as problem:
        if not gave_way(problem):
            log.warning("tenant not migrated", schema=task.schema_name, exc_info=problem)
        _recover()
        return problem
    return None


def gave_way(problem: Exception) -> bool:
    """Whether somebody else held what was needed: later it may go well."""
    return (
        isinstance(problem, DatabaseError)
        and getattr(problem.__cause__, "sqlstate", "") in GAVE_WAY
    )


def _recover() -> None:
    """Leave nothing of a failure to the next tenant."""
    to_public()
    if not connection.is_usable():
        connection.close()


@contextmanager
def impatient() -> Iterator[None]:
    """Let this thread's connection, and those that follow it, give way after `LOCK_TIMEOUT_MS`."""
    mine = connections[connection.alias]

    def limit(connection: Any, **_signal: Any) -> None:
        if connection is mine:
            with connection.cursor() as cursor:
                cursor.execute(f"SET lock_timeout = {LOCK_TIMEOUT_MS}")

    mine.close()  # the next one starts with the limit
    connection_created.connect(limit)
    try:
        yield
    finally:
        connection_created.disconnect(limit)
        mine.close()


class InProcess:
    """One hand, in this very process: for a few tasks, and for whoever must not fork."""

    def __init__(self, tasks: Sequence[Task], *, canaries: bool = False) -> None:
        self._tasks = tasks
        self._canaries = canaries
        self._stopped = False

    def stop(self) -> None:
        """Go no further than the tenant at hand."""
        self._stopped = True

    def __iter__(self) -> Iterator[Outcome]:
        with impatient():
            one_by_one = ([task] for task in self._tasks)
            for batch in one_by_one if self._canaries else batches(self._tasks):
                if self._stopped:
                    break
                yield from do_together(batch, canary=self._canaries)


class WorkerPool:
    """Processes that share tasks between them. Iterate for outcomes; `stop()` after any of them."""

    def __init__(self, tasks: Sequence[Task], *, processes: int) -> None:
        fork = multiprocessing.get_context("fork")  # what is rendered is shared, not made again
        self._stopped = fork.RawValue("b", 0)
        self._pipes: list[Connection] = []
        connections.close_all()
        for number in range(min(processes, len(tasks))):
            ours, theirs = fork.Pipe(duplex=False)
            share = tasks[number::processes]
            arguments = (share, theirs, self._stopped)
            fork.Process(target=_work, args=arguments, daemon=True).start()
            theirs.close()
            self._pipes.append(ours)

    def stop(self) -> None:
        """Let each hand finish the tenant that it is at."""
        self._stopped.value = 1

    def __iter__(self) -> Iterator[Outcome]:
        while self._pipes:
            for pipe in cast("list[Connection]", wait(self._pipes)):
                try:
                    outcomes = pipe.recv()
                except EOFError:  # done, or dead: what is left shows it
                    self._pipes.remove(pipe)
                else:
                    yield from outcomes


def _work(share: Sequence[Task], pipe: Connection, stopped: Any) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all; the parent stops us gently
    parent = os.getppid()
    with impatient():
        for batch in batches(share):
            if stopped.value or os.getppid() != parent:
                break
            pipe.send(do_together(batch))
    pipe.close()
