"""Background jobs on procrastinate: what every worker and every `defer` must get right.

Jobs run at least once, so every task is safe to run twice, and concurrently with itself.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, TypedDict, TypeVar

import structlog
from django.db import models, transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from procrastinate import App, exceptions
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.middleware import SyncCallNext
from procrastinate.tasks import Task
from procrastinate.worker import Worker

from public_apps.core import schemas

log = structlog.get_logger(__name__)

Row = TypeVar("Row", bound=models.Model)


class Rank(TypedDict):
    """A kind of job: the queue that it waits in, and its priority over all queues."""

    queue: str
    priority: int


# Every kind of job there is, the first to run first. Nobody who has paid, and no sweep that finds
# what a dead worker left, waits behind events of others, however many there are.
SWEEP: Rank = {"queue": "sweeps", "priority": 40}  # short: it only wakes up what it finds
PURCHASE: Rank = {"queue": "purchases", "priority": 30}
AWAITED_MAIL: Rank = {"queue": "mail", "priority": 20}  # somebody sits and waits for it
LATE_SIGNUP: Rank = {"queue": "events", "priority": 15}  # may be a purchase that nobody told us of
MAIL: Rank = {"queue": "mail", "priority": 10}
HOUSEKEEPING: Rank = {"queue": "upkeep", "priority": 5}  # by the clock, and maybe long
EVENT: Rank = {"queue": "events", "priority": 0}
WORK: Rank = {"queue": "work", "priority": 0}
SPARE: Rank = {"queue": "pool", "priority": -10}  # a tenant for somebody who comes later
LAST: Rank = {"queue": "upkeep", "priority": -10}
RANKS = (
    SWEEP, PURCHASE, AWAITED_MAIL, LATE_SIGNUP, MAIL, HOUSEKEEPING, EVENT, WORK, SPARE, LAST,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Slots:
    """So many jobs at once, of these queues alone; of every queue if none is named."""

    name: str
    count: int
    queues: tuple[str, ...] | None = None


# Beside a worker's other slots, which imports, archives and a silent mail server could all occupy.
RESERVED = (
    Slots(name="purchases", count=2, queues=(SWEEP["queue"], PURCHASE["queue"])),
    Slots(name="mail", count=1, queues=(MAIL["queue"],)),
)
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
    ROW(%s, %s, %s, NULL, %s, %s::jsonb, NULL)]::procrastinate_job_to_defer_v1[])"""


def deferral(task: Task[Any, Any, Any], *, lock: str, rank: Rank, **args: Any) -> list[Any]:
    """Return the parameters with which `DEFERRED` enqueues this job; the schema must be public."""
    given = json.dumps({**args, **_traced()})
    return [rank["queue"], task.name, rank["priority"], lock, given]


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
    rank: Rank | None = None,
    wait: timedelta | None = None,
    **args: Any,
) -> None:
    """Enqueue a job, to run after a wait if given, unless one with this lock is already waiting.

    Without a rank it has its task's own. The duplicate is refused by a unique index, which would
    poison the caller's transaction: hence a savepoint of its own. The queue is in public, wherever
    the caller works.
    """
    given = rank or Rank(queue=task.queue, priority=task.priority)
    try:
        with schemas.in_public(), transaction.atomic():
            task.configure(
                queueing_lock=lock,
                schedule_in={"seconds": int(wait.total_seconds())} if wait else None,
                **given,
            ).defer(**args)
    except exceptions.AlreadyEnqueued:
        log.debug("already enqueued", lock=lock)


def without_job(rows: models.QuerySet[Row], *, lock: str) -> models.QuerySet[Row]:
    """Leave out the rows whose job waits in the queue already, under `<lock>:<id of the row>`.

    What is left is what nobody will wake up: a sweep finds it however many others wait their turn.
    """
    from procrastinate.contrib.django.models import ProcrastinateJob

    name = Concat(Value(f"{lock}:"), Cast(OuterRef("pk"), models.TextField()))
    waiting = ProcrastinateJob.objects.filter(status="todo", queueing_lock=name)
    return rows.exclude(Exists(waiting))
