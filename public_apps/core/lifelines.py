"""Who of the workers lives: each holds a lock for as long as its process does.

A heartbeat that fails to come tells of a death late, or too soon where a machine is busy. A session's
lock (PostgreSQL, chapter 13.3.5) is free as soon as its process is gone, by whatever way. So whoever
holds none any more and has not said farewell is dead, and what it was at work on is rescued at once.
The heartbeat stays, for a process that lives and stands still.
"""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import psycopg
import structlog
from procrastinate import App, exceptions
from procrastinate.manager import JobManager
from procrastinate.tasks import configure_task

from public_apps.core import database_waits, jobs, worker_connections

log = structlog.get_logger(__name__)
WORKERS = 0x11FE  # any fixed number: the first half of the locks' names
EVERY_SECONDS, AGAIN_SECONDS = 1.0, 4.0
# Not waited for: a session that the network has cut off from us holds its locks until the server
# notices, and stands for us as well as a new one does.
_HOLD = "SELECT pg_try_advisory_lock(%s, %s)"
# Written after the lock is held, so that nobody takes a worker for dead that is about to begin. A
# worker of an earlier release holds no lock and has no row.
_TELL = """
INSERT INTO public.core_workerlife (worker, since) VALUES (%s, statement_timestamp())
ON CONFLICT (worker) DO NOTHING
"""
_BURY = """
WITH dead AS (
    DELETE FROM public.core_workerlife
    WHERE NOT worker = ANY(%s) AND pg_try_advisory_xact_lock(%s, worker)
    RETURNING worker
), gone AS (
    DELETE FROM public.procrastinate_workers WHERE id IN (SELECT worker FROM dead)
)
SELECT worker FROM dead
"""
_LET_GO = "SELECT pg_advisory_unlock(%s, %s)"
_FAREWELL = "DELETE FROM public.core_workerlife WHERE worker = ANY(%s)"


class Lifeline:
    """This process's locks, a worker of the queue's each, and a look at those of others."""

    def __init__(self, queue: App) -> None:
        self._queue = queue
        self._workers: set[int] = set()
        self._held: set[int] = set()  # of these, in the session that we have
        self._session: psycopg.AsyncConnection[Any] | None = None
        self._guard = asyncio.Lock()

    async def add(self, worker: int) -> None:
        """Let a worker be known as one that lives."""
        async with self._guard:
            self._workers.add(worker)
            await self._hold(await self._connected())

    async def say_farewell(self, worker: int) -> None:
        """Let a worker go whose jobs have ended: it is not dead."""
        async with self._guard:
            session = await self._connected()
            await session.execute(_FAREWELL, [[worker]])
            self._forget(worker)
            await session.execute(_LET_GO, [WORKERS, worker])

    async def give_up(self, worker: int) -> None:
        """Let a worker be dead that ended without a farewell, though its process lives."""
        async with self._guard:
            self._forget(worker)
            with contextlib.suppress(psycopg.Error):
                if self._session is not None and not self._session.closed:
                    await self._session.execute(_LET_GO, [WORKERS, worker])

    async def run(self) -> None:
        """Hold on, and see to what the dead have left, until told to stop."""
        while True:
            await asyncio.sleep(EVERY_SECONDS)
            try:
                async with self._guard:
                    session = await self._connected()
                    await self._hold(session)
                    buried = await self._bury(session)
                if buried:
                    log.warning("workers are gone", workers=buried)
                    await self._rescue()
            except (psycopg.Error, exceptions.ConnectorException) as error:
                log.warning("lifeline lost", error=type(error).__name__)
                await self._hang_up()
                await asyncio.sleep(AGAIN_SECONDS)

    async def close(self) -> None:
        """Say farewell: those whose jobs have ended are not dead."""
        with contextlib.suppress(psycopg.Error):
            if self._session is not None and not self._session.closed:
                await self._session.execute(_FAREWELL, [list(self._workers)])
        await self._hang_up()

    async def _connected(self) -> psycopg.AsyncConnection[Any]:
        if self._session is None or self._session.closed:
            self._session = await worker_connections.Connection.connect(
                **worker_connections.parameters(), autocommit=True
            )
            self._held = set()
            statement, values = database_waits.told(database_waits.PEER)
            await self._session.execute(statement, values)
        return self._session

    async def _hold(self, session: psycopg.AsyncConnection[Any]) -> None:
        """Hold the locks that are still to be held; one that somebody just looks at, the next time."""
        for worker in self._workers - self._held:
            found = await session.execute(_HOLD, [WORKERS, worker])
            if await found.fetchone() == (True,):
                await session.execute(_TELL, [worker])
                self._held.add(worker)

    def _forget(self, worker: int) -> None:
        self._workers.discard(worker)
        self._held.discard(worker)

    async def _bury(self, session: psycopg.AsyncConnection[Any]) -> list[int]:
        found = await session.execute(_BURY, [list(self._workers), WORKERS])
        return [worker for (worker,) in await found.fetchall()]

    async def _rescue(self) -> None:
        """Have the jobs rescued that belong to nobody now, before the clock would."""
        rescue = jobs.task_named("core.rescue_stalled_jobs")
        job = configure_task(
            name=rescue.name,
            job_manager=self._queue.job_manager,
            queue=rescue.queue,
            priority=rescue.priority,
            queueing_lock=rescue.queueing_lock,
        )
        with contextlib.suppress(exceptions.AlreadyEnqueued):
            await job.defer_async(timestamp=0)

    async def _hang_up(self) -> None:
        if self._session is not None:
            with contextlib.suppress(psycopg.Error):
                await self._session.close()
            self._session = None


class KnownManager(JobManager):
    """A manager whose workers are known to live from when they are registered."""

    def __init__(self, queue: App) -> None:
        super().__init__(connector=queue.connector)
        self.lifeline = Lifeline(queue)

    async def register_worker(self) -> int:
        """Register a worker, and hold its lock."""
        worker: int = await super().register_worker()
        try:
            await self.lifeline.add(worker)
        except psycopg.Error as error:
            raise exceptions.ConnectorException from error
        return worker

    async def unregister_worker(self, worker_id: int) -> None:
        """Let a worker go that has ended well."""
        await super().unregister_worker(worker_id)
        try:
            await self.lifeline.say_farewell(worker_id)
        except psycopg.Error as error:
            raise exceptions.ConnectorException from error

    async def listen_for_jobs(self, **given: Any) -> None:
        """Listen as procrastinate does, and anew after each absence of the database."""
        while True:
            try:
                await super().listen_for_jobs(**given)
            except exceptions.ConnectorException as error:
                if not database_waits.is_database_away(error):
                    raise
                await asyncio.sleep(AGAIN_SECONDS)
