"""`manage.py worker`: runs background jobs until SIGTERM, which lets running ones end."""

from __future__ import annotations

import asyncio
import signal
from argparse import ArgumentParser
from collections.abc import Sequence
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from public_apps.core import credential_paths, database_waits, jobs, signals, work_loop
from public_apps.core.jobs import Slots


class Command(BaseCommand):
    help = "Run background jobs. Start as many workers as you like, on any number of machines."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--concurrency",
            type=int,
            default=4,
            help="jobs at once, of all kinds but those that have a share of their own (default 4)",
        )
        shares = ", ".join(f"{each.name} {each.count}" for each in jobs.SHARES)
        parser.add_argument(
            "--no-reserve",
            action="store_true",
            help=f"no shares: all kinds of jobs take the slots of --concurrency (else {shares})",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        credential_paths.keep_out_of_logs()
        database_waits.apply(settings.WORKER_WAITS)
        signals.worker_started.send(Command)
        asyncio.run(_run(jobs.slots(options["concurrency"], shared=not options["no_reserve"])))


async def _run(slots: Sequence[Slots]) -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await work_loop.run(slots, told)
