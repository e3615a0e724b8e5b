"""The clocks of our processes, each compared with the database's by the process itself."""

from __future__ import annotations

import os
import socket
from datetime import timedelta
from functools import partial

from django.db.models.functions import Now

from public_apps.core import clock, schema_context
from public_apps.monitoring.background_tasks import BackgroundTask, register
from public_apps.monitoring.models import ProcessClock

EVERY_SECONDS = 30.0
# A process that has not told for so long is gone.
TOLD_WITHIN = timedelta(minutes=2)
LONGEST_NAME = 120


def tell(kind: str) -> None:
    """Write down by how much this process's clock is ahead; what is gone is forgotten."""
    schema_context.to_public()
    name = f"{kind} {socket.gethostname()}:{os.getpid()}"[:LONGEST_NAME]
    ahead = round(1000 * clock.ahead())
    ProcessClock.objects.update_or_create(process=name, defaults={"ahead": ahead, "at": Now()})
    ProcessClock.objects.filter(at__lt=clock.now() - TOLD_WITHIN).delete()


def told() -> list[ProcessClock]:
    """Return what the processes that are at work have told, by name."""
    living = ProcessClock.objects.filter(at__gte=clock.now() - TOLD_WITHIN)
    return list(living.order_by("process"))


for _kind in ("web", "worker"):
    register(
        BackgroundTask(
            name=f"tell the clock of a {_kind}",
            every=EVERY_SECONDS,
            work=partial(tell, _kind),
            in_web=_kind == "web",
            in_worker=_kind == "worker",
        )
    )
