"""`manage.py worker`: runs background jobs until SIGTERM, which lets running ones end."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError
from procrastinate.contrib.django import app

from public_apps.core import credential_paths, jobs, signals
from public_apps.core.jobs import Slots

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Run background jobs. Start as many workers as you like, on any number of machines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help="jobs at once (default 4)")
        parser.add_argument(
            "--no-reserve",
            action="store_true",
            help="keep no further slots free for purchases and sweeps (2) and for mail (1)",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        credential_paths.keep_out_of_logs()
        signals.worker_started.send(Command)
        # An app of its own for the worker's loop: `replace_connector` would make tasks that enqueue
        # others do so on the worker's connection, outside of their own transaction.
        worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]  # the Django connector's method
        reserved = () if options["no_reserve"] else jobs.RESERVED
        slots = (Slots(name="any", count=options["concurrency"]), *reserved)
        if not asyncio.run(_run(worker, slots)):
            # Not an exit code of 0: a platform that restarts what failed must start it again.
            raise CommandError("The worker ended without being told to: is the database away?")


async def _run(worker: Any, slots: Sequence[Slots]) -> bool:
    """Work until told to stop, then let running jobs end; False if the worker ended by itself."""
    told = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, told.set)
    # A thread for each slot: the loop's own few would let reserved slots wait for the others.
    loop.set_default_executor(ThreadPoolExecutor(sum(each.count for each in slots)))
    async with worker.open_async():
        work = [loop.create_task(_work(worker, each)) for each in slots]
        stop = loop.create_task(told.wait())
        await asyncio.wait({*work, stop}, return_when=asyncio.FIRST_COMPLETED)
        for each in work:
            each.cancel()  # procrastinate takes this as a wish to end gracefully
        stop.cancel()
        for end in await asyncio.gather(*work, return_exceptions=True):
            if isinstance(end, Exception):
                log.error("worker ended", exc_info=end)
    return told.is_set()


async def _work(worker: Any, slots: Slots) -> None:
    await worker.run_worker_async(
        name=slots.name,
        queues=None if slots.queues is None else list(slots.queues),  # an array to PostgreSQL
        concurrency=slots.count,
        fetch_job_polling_interval=1.0,  # retries are found by polling, new jobs by NOTIFY
        # Whoever takes every queue hears of all jobs; it costs a connection.
        listen_notify=slots.queues is None,
        update_heartbeat_interval=jobs.HEARTBEAT_SECONDS,
        stalled_worker_timeout=jobs.SILENT_AFTER_SECONDS,
        shutdown_graceful_timeout=25,
        delete_jobs="successful",
        install_signal_handlers=False,
    )
