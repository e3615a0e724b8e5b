"""`manage.py worker`: runs background jobs until SIGTERM, which lets running ones end."""

from __future__ import annotations

import asyncio
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand
from procrastinate.contrib.django import app

from public_apps.core import jobs


class Command(BaseCommand):
    help = "Run background jobs. Start as many workers as you like, on any number of machines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--concurrency", type=int, default=4, help="jobs at once (default 4)")

    def handle(self, *args: Any, **options: Any) -> None:
        # An app of its own for the worker's loop: `replace_connector` would make tasks that enqueue
        # others do so on the worker's connection, outside of their own transaction.
        worker = app.with_connector(app.connector.get_worker_connector())  # type: ignore[attr-defined]  # the Django connector's method
        asyncio.run(_run(worker, concurrency=options["concurrency"]))


async def _run(worker: Any, *, concurrency: int) -> None:
    async with worker.open_async():
        await worker.run_worker_async(
            concurrency=concurrency,
            fetch_job_polling_interval=1.0,  # retries are found by polling, new jobs by NOTIFY
            update_heartbeat_interval=jobs.HEARTBEAT_SECONDS,
            stalled_worker_timeout=jobs.SILENT_AFTER_SECONDS,
            shutdown_graceful_timeout=25,
            delete_jobs="successful",
        )
