"""Who notices a silent worker: the web processes, each now and then, beside their requests.

A silent worker can't mail, so the web sends the incident's mail itself, once over all processes.
Jobs by the clock that don't come to their end are told here, too: the one that hangs may be the
worker's own watch.
"""

from __future__ import annotations

import time

from django.db import connection, transaction

from public_apps.core import locks, mail, periodic_runs, schema_context
from public_apps.monitoring import incidents
from public_apps.monitoring.background_tasks import BackgroundTask, register
from staff.alerts import kinds

EVERY_SECONDS = 10.0
# Longer than a restart takes: a worker writes its heartbeat every five seconds.
SILENT_SECONDS = 45.0
# A worker that is back has its time to take up what comes by the clock.
SETTLED_AFTER_SECONDS = 180.0
_LOCK = 0x5114  # any fixed number: one process looks at a time


class WorkerWatch:
    """Remembers since when no worker is known at all: one that ended well leaves no heartbeat."""

    def __init__(self) -> None:
        self._unknown_since: float | None = None
        self._silent_at = time.monotonic()

    def __call__(self) -> None:
        """Open or end the incident, and send what nobody else would send."""
        schema_context.to_public()
        silence = self._silence()
        silent = silence >= SILENT_SECONDS
        with transaction.atomic():
            if not locks.try_hold(_LOCK):
                return
            line = f"The last heartbeat was {silence:.0f} seconds ago, or longer."
            incidents.report(kinds.WORKER_SILENT, {"": [line]} if silent else {})
            if self._is_settled(silent=silent):
                incidents.report(kinds.JOB_UNFINISHED, periodic_runs.late())
        if silent:
            for mail_id in incidents.unsent():
                mail.send(mail_id=mail_id)

    def _is_settled(self, *, silent: bool) -> bool:
        """Whether jobs by the clock can be judged: a worker has been there for a while."""
        if silent or self._unknown_since is not None:
            self._silent_at = time.monotonic()
        return time.monotonic() - self._silent_at > SETTLED_AFTER_SECONDS

    def _silence(self) -> float:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT extract(epoch FROM now() - max(last_heartbeat)) FROM procrastinate_workers"
            )
            (seconds,) = cursor.fetchone()
        if seconds is not None:
            self._unknown_since = None
            return float(seconds)
        self._unknown_since = self._unknown_since or time.monotonic()
        return time.monotonic() - self._unknown_since


register(
    BackgroundTask(
        name="watch the worker", every=EVERY_SECONDS, work=WorkerWatch(), in_worker=False
    )
)
