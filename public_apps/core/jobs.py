"""Background jobs on procrastinate: what every worker and every `defer` must get right.

Jobs run at least once, so every task is safe to run twice, and concurrently with itself.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import structlog
from django.db import transaction
from procrastinate import App, exceptions
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.middleware import SyncCallNext
from procrastinate.tasks import Task
from procrastinate.worker import Worker

from public_apps.core import schemas

log = structlog.get_logger(__name__)

# A buyer's event goes first; a spare tenant for somebody later goes last.
FIRST, NORMAL, LAST = 10, 0, -10
HEARTBEAT_SECONDS = 5.0
SILENT_AFTER_SECONDS = 20.0
# Beside a job's own arguments: the request that asked for it, so that logs tell one story.
REQUEST_ID = "_request_id"


def configure(app: App) -> None:
    """Keep one job's schema out of the next one, and each request's id with its jobs."""
    app.job_manager = TracingManager(connector=app.connector)
    app.worker_defaults["task_middleware"] = [
        *app.worker_defaults.get("task_middleware", []),
        public_schema_around,
    ]


class TracingManager(JobManager):
    """Writes the current request's id into every job that is enqueued under it."""

    def batch_defer_jobs(self, jobs: list[Job], connection: Any | None = None) -> list[Job]:
        """Enqueue jobs as procrastinate does, each with the id if there is one."""
        traced = _traced()
        if traced:
            jobs = [job.evolve(task_kwargs={**job.task_kwargs, **traced}) for job in jobs]
        return super().batch_defer_jobs(jobs=jobs, connection=connection)


def _traced() -> dict[str, Any]:
    request_id = structlog.contextvars.get_contextvars().get("request_id")
    return {REQUEST_ID: request_id} if request_id else {}


# What procrastinate's `defer_jobs` does, as an expression: a row and its job in one statement.
DEFERRED = """procrastinate_defer_jobs_v1(ARRAY[
    ROW(%s, %s, %s, NULL, NULL, %s::jsonb, NULL)]::procrastinate_job_to_defer_v1[])"""


def deferral(task: Task[Any, Any, Any], *, priority: int, **args: Any) -> list[Any]:
    """Return the parameters with which `DEFERRED` enqueues this job; the schema must be public."""
    return [task.queue, task.name, priority, json.dumps({**args, **_traced()})]


def public_schema_around(call_next: SyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Start and end every job in public: the thread's connection outlives the job."""
    schemas.to_public()
    job = context.job
    bound: dict[str, Any] = {"job_id": job.id, "task": job.task_name}
    if request_id := job.task_kwargs.pop(REQUEST_ID, None):
        bound["request_id"] = request_id
    try:
        with structlog.contextvars.bound_contextvars(**bound):
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
