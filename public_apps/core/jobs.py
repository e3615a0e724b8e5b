"""Background jobs on procrastinate: what every worker and every `defer` must get right.

Jobs run at least once, so every task is safe to run twice, and concurrently with itself.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from procrastinate import App, exceptions
from procrastinate.job_context import JobContext
from procrastinate.middleware import SyncCallNext
from procrastinate.tasks import Task
from procrastinate.worker import Worker

from public_apps.core import schemas

log = structlog.get_logger(__name__)

# A buyer's event goes first; a spare tenant for somebody later goes last.
FIRST, NORMAL, LAST = 10, 0, -10
HEARTBEAT_SECONDS = 5.0
SILENT_AFTER_SECONDS = 20.0


def configure(app: App) -> None:
    """Give every worker the middleware that keeps one job's schema out of the next one."""
    app.worker_defaults["task_middleware"] = [
        *app.worker_defaults.get("task_middleware", []),
        public_schema_around,
    ]


def public_schema_around(call_next: SyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Start and end every job in public: the thread's connection outlives the job."""
    schemas.to_public()
    job = context.job
    try:
        with structlog.contextvars.bound_contextvars(job_id=job.id, task=job.task_name):
            return call_next()
    finally:
        schemas.to_public()


def defer_once(
    task: Task[Any, Any, Any],
    *,
    lock: str,
    priority: int = NORMAL,
    wait: timedelta | None = None,
    **args: Any,
) -> None:
    """Enqueue a job, to run after a wait if given, unless one with this lock is already waiting.

    The duplicate is refused by a unique index, which would poison the caller's transaction:
    hence a savepoint of its own. The queue is in public, wherever the caller works.
    """
    try:
        with schemas.in_public(), transaction.atomic():
            task.configure(
                queueing_lock=lock,
                priority=priority,
                schedule_in={"seconds": int(wait.total_seconds())} if wait else None,
            ).defer(**args)
    except exceptions.AlreadyEnqueued:
        log.debug("already enqueued", lock=lock)
