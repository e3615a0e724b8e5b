"""A worker's slots, each kind's share by itself, through whatever becomes of the database meanwhile."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Any

import psycopg
import structlog
from asgiref.sync import sync_to_async
from django.db import connection
from procrastinate import App, exceptions
from procrastinate.contrib.django import app
from procrastinate.periodic import PeriodicDeferrer
from procrastinate.worker import Worker

from public_apps.core import database_waits, jobs, worker_connections
from public_apps.core.jobs import Slots
from public_apps.core.lifelines import KnownManager

log = structlog.get_logger(__name__)
# What a database that is away comes as.
AWAY = (exceptions.ConnectorException, psycopg.Error)
FIRST_PAUSE, LONGEST_PAUSE = 1.0, 10.0


async def run(slots: Sequence[Slots], told: asyncio.Event) -> None:
    """Work until told to stop, then let running jobs end. Raises what is not the database's absence."""
    # A thread for each slot: the loop's own few would let some slots wait for others.
    loop = asyncio.get_running_loop()
    loop.set_default_executor(ThreadPoolExecutor(sum(each.count for each in slots) + 1))
    queue = await _opened(told)
    if queue is None:
        return
    manager = KnownManager(queue)
    queue.job_manager = manager
    lifeline = asyncio.create_task(manager.lifeline.run())
    clock = asyncio.create_task(_keep_time(queue, told))
    work = [asyncio.create_task(_work_on(queue, each, told, manager)) for each in slots]
    stop = asyncio.create_task(told.wait())
    try:
        await asyncio.wait({*work, stop, lifeline, clock}, return_when=asyncio.FIRST_COMPLETED)
    finally:
        told.set()
        for each in work:
            each.cancel()  # procrastinate takes this as a wish to end gracefully
        ends = await asyncio.gather(*work, return_exceptions=True)
        for beside in (lifeline, clock):
            beside.cancel()
        stop.cancel()
        ends += await asyncio.gather(lifeline, clock, return_exceptions=True)
        await manager.lifeline.close()
        with contextlib.suppress(*AWAY):
            await queue.close_async()
    for end in ends:
        if isinstance(end, Exception) and not isinstance(end, AWAY):
            raise end


async def _opened(told: asyncio.Event) -> App | None:
    """Return an app of the worker's own once the database is there; None if told to stop before.

    `replace_connector` would make tasks that enqueue others do so on the worker's connection,
    outside of their own transaction.
    """
    pause = FIRST_PAUSE
    while not told.is_set():
        queue: App = app.with_connector(worker_connections.connector())
        try:
            await queue.open_async()
        except AWAY as error:
            log.warning("the database is away: the worker waits", error=type(error).__name__)
            pause = await _rested(told, pause)
        else:
            return queue
    return None


async def _work_on(queue: App, slots: Slots, told: asyncio.Event, manager: KnownManager) -> None:
    """Work in these slots, and begin anew should the queue have forgotten who we are."""
    pause = FIRST_PAUSE
    while not told.is_set():
        worker = _worker(queue, slots)
        try:
            await worker.run()  # type: ignore[no-untyped-call]  # procrastinate's
        except AWAY as error:
            log.warning("slots wait for the database", slots=slots.name, error=_reason(error))
        if worker.worker_id is not None:  # it could not say farewell
            await manager.lifeline.give_up(worker.worker_id)
        pause = await _rested(told, pause)


async def _keep_time(queue: App, told: asyncio.Event) -> None:
    """Enqueue what comes up by the clock, on Django's connection, as procrastinate does."""
    pause = FIRST_PAUSE
    while not told.is_set():
        # What an absence of the database has left of it: nobody else would close it.
        await sync_to_async(_close)()
        clock = PeriodicDeferrer(registry=queue.periodic_registry, **queue.periodic_defaults)
        try:
            with database_waits.at_most(worker_connections.STATEMENT_SECONDS):
                await clock.worker()
        except AWAY as error:
            log.warning("the clock waits for the database", error=_reason(error))
        pause = await _rested(told, pause)


def _close() -> None:
    connection.close()  # that of whichever thread this runs in


def _reason(error: Exception) -> str:
    return type(error.__cause__ or error).__name__


async def _rested(told: asyncio.Event, pause: float) -> float:
    """Rest, unless told to stop; return for how long to rest the next time."""
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(told.wait(), pause)
    return min(2 * pause, LONGEST_PAUSE)


def _worker(queue: App, slots: Slots) -> Worker:
    given: dict[str, Any] = {
        **queue.worker_defaults,
        "name": slots.name,
        "queues": None if slots.queues is None else list(slots.queues),  # an array to PostgreSQL
        "concurrency": slots.count,
        "fetch_job_polling_interval": 1.0,  # retries are found by polling, new jobs by NOTIFY
        "listen_notify": slots.listens,  # it costs a connection
        "update_heartbeat_interval": jobs.HEARTBEAT_SECONDS,
        "stalled_worker_timeout": jobs.SILENT_AFTER_SECONDS,
        "shutdown_graceful_timeout": 25,
        "delete_jobs": "successful",
        "install_signal_handlers": False,
    }
    return _Steadfast(app=queue, **given)


class _Steadfast(Worker):
    """Goes on where procrastinate's ends: to end, it would wait for jobs that wait for the database."""

    async def _periodic_deferrer(self) -> None:
        await asyncio.Event().wait()  # `_keep_time` does it once for the process

    async def _update_heartbeat(self) -> None:
        while True:
            await self._unless_away(super()._update_heartbeat, "a heartbeat")

    async def _fetch_and_process_jobs(self) -> None:
        await self._unless_away(super()._fetch_and_process_jobs, "a look at the queue")

    async def _persist_job_status(self, *given: Any, **named: Any) -> None:
        """Say how a job ended, as often as it takes: else it would be held for under way for ever."""
        while True:
            saying = partial(super()._persist_job_status, *given, **named)
            if await self._unless_away(saying, "the end of a job", last=self._stop_event.is_set()):
                return

    async def _unless_away(self, work: Any, what: str, *, last: bool = False) -> bool:
        """Return whether it was done: not while the database is away. Raises whatever else it does."""
        try:
            await work()
        except AWAY as error:
            if last or not database_waits.is_database_away(error):
                raise
            log.warning("the database is away", slots=self.worker_name, left_undone=what)
            await asyncio.sleep(FIRST_PAUSE)
            return False
        return True
