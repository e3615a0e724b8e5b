"""Background jobs on procrastinate: what every worker and every `defer` must get right.

Jobs run at least once, so every task is safe to run twice, and concurrently with itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, ParamSpec, TypedDict, TypeVar

import structlog
from django.db import connection, models, transaction
from django.db.models import Exists, OuterRef, Value
from django.db.models.functions import Cast, Concat
from procrastinate import App, exceptions
from procrastinate.contrib.django import app
from procrastinate.job_context import JobContext
from procrastinate.jobs import Job
from procrastinate.manager import JobManager
from procrastinate.middleware import SyncCallNext
from procrastinate.retry import BaseRetryStrategy, RetryDecision
from procrastinate.tasks import Task
from procrastinate.worker import Worker

from public_apps.core import clock, database_waits, periodic_runs, schema_context, signals
from public_apps.core.periodic_runs import Periodic

log = structlog.get_logger(__name__)

Row = TypeVar("Row", bound=models.Model)
P = ParamSpec("P")
R = TypeVar("R")


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
LAST: Rank = {"queue": "later", "priority": -10}  # long, and nobody sits and waits for it
RANKS = (
    SWEEP, PURCHASE, AWAITED_MAIL, LATE_SIGNUP, MAIL, HOUSEKEEPING, EVENT, WORK, SPARE, LAST,
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Slots:
    """So many jobs at once, of these queues alone; of every queue if none is named.

    Those that listen are told of a new job, the others look each second.
    """

    name: str
    count: int
    queues: tuple[str, ...] | None = None
    listens: bool = False


# Each kind's own share of a worker: what may take long, or wait for others, takes no slot beyond it,
# and purchases and sweeps have slots that nothing else takes.
SHARES = (
    Slots(name="purchases", count=2, queues=(PURCHASE["queue"],)),
    Slots(name="sweeps", count=1, queues=(SWEEP["queue"],)),
    Slots(name="mail", count=2, queues=(MAIL["queue"],), listens=True),
    Slots(name="work", count=2, queues=(WORK["queue"],)),
    Slots(name="upkeep", count=2, queues=(HOUSEKEEPING["queue"],)),
    Slots(name="later", count=2, queues=(LAST["queue"],)),
    Slots(name="spares", count=1, queues=(SPARE["queue"],)),
)
MAY_TAKE_MORE = frozenset({PURCHASE["queue"], SWEEP["queue"]})
# No statement of these kinds takes long, a lock's wait included: a backend that stands still holds
# their slots for no longer than this.
SHORT = frozenset(each["queue"] for each in (SWEEP, PURCHASE, MAIL, EVENT))
SHORT_SECONDS = 60.0
# Releases before 2026-12 enqueue tasks by their modules' paths, and so does this one: while a deploy
# goes on, workers of both take jobs, and the old ones know no other names. To be emptied, by aliases
# the other way round, in the release after this one.
ENQUEUED_IN = {
    "archives": "public_apps.tenants.archives.tasks",
    "billing": "billing.tasks",
    "buildings": "tenant_apps.buildings.tasks",
    "core": "public_apps.core.tasks",
    "custom_domains": "public_apps.tenants.hosts.tasks",
    "files": "tenant_apps.files.tasks",
    "finances": "tenant_apps.finances.tasks",
    "home": "tenant_apps.home.tasks",
    "offboarding": "public_apps.tenants.lifecycle.tasks",
    "staff": "public_apps.staff.tasks",
    "tenants": "public_apps.tenants.tasks",
}
MOVED = {"billing.forget_webhook_stats": "public_apps.core.tasks.forget_figures"}
# So often a job is tried again that has failed, if it is lasting, or that has killed its worker.
MOST_TRIES = 5
HEARTBEAT_SECONDS = 5.0
SILENT_AFTER_SECONDS = 20.0
# Beside a job's own arguments: the request that asked for it, so that logs tell one story.
REQUEST_ID = "_request_id"


class Lasting(BaseRetryStrategy):
    """Long work: what it raises is tried again, in the rank that it has, and at last given up."""

    def get_retry_decision(self, *, exception: BaseException, job: Job) -> RetryDecision | None:
        """Wait 2, 4, 8 … seconds, up to a minute."""
        if is_last_try(job):
            return None
        return RetryDecision(retry_in={"seconds": min(2 ** (job.attempts + 1), 60)})


def is_last_try(job: Job) -> bool:
    """Whether a job that fails now, or kills its worker, is not tried again."""
    return job.attempts >= MOST_TRIES


def task(
    name: str, *, rank: Rank, lasting: bool = False
) -> Callable[[Callable[P, R]], Task[P, R, P]]:
    """Make a function a task, known by a name of its own wherever its module goes.

    One that is `lasting` is tried again by the queue itself; when that is given up, those who listen
    to `signals.job_given_up` say so to whoever waits for it.
    """
    retry = Lasting() if lasting else False
    return app.task(name=_enqueued_as(name), aliases=[name], retry=retry, **rank)


def periodic(
    name: str, *, cron: str, rank: Rank, sweeps: tuple[str, ...] = (), no_rows: str = ""
) -> Callable[[Callable[[int], object]], Task[Any, None, Any]]:
    """Make a function a task that comes up by the clock, never twice in the queue.

    It names the sweeps that it goes over, or says why there are no rows to go over: what is to keep
    one row from barring the others must be decided. Its beginnings and ends are watched.
    """
    if bool(sweeps) == bool(no_rows):
        raise TypeError(f"{name} names its sweeps, or says why it has no rows: one of the two.")

    def decorate(function: Callable[[int], object]) -> Task[Any, None, Any]:
        lock = name.rpartition(".")[2]
        periodic_runs.PERIODIC[name] = Periodic(
            name=name, cron=cron, sweeps=sweeps, no_rows=no_rows
        )
        made = app.task(name=_enqueued_as(name), aliases=[name], queueing_lock=lock, **rank)
        run = wraps(function)(periodic_runs.watched(name, function))
        return app.periodic(cron=cron)(made(run))

    return decorate


def _enqueued_as(name: str) -> str:
    if name in MOVED:
        return MOVED[name]
    room, _dot, own = name.partition(".")
    return f"{ENQUEUED_IN[room]}.{own}" if room in ENQUEUED_IN else name


def task_named(name: str) -> Task[..., Any, ...]:
    """Return a task by its name; whoever enqueues a job need not import what does it."""
    return app.tasks[name]


def slots(count: int, *, shared: bool = True) -> tuple[Slots, ...]:
    """Return a worker's slots: so many for all kinds, and beside them each kind's share.

    Without shares all kinds take the same slots.
    """
    if not shared:
        return (Slots(name="any", count=count, listens=True),)
    bounded = {name for each in SHARES for name in each.queues or ()} - MAY_TAKE_MORE
    known = {each["queue"] for each in RANKS} | {each.queue for each in app.tasks.values()}
    common = tuple(sorted(known - bounded))
    return (
        Slots(name="any", count=count, queues=common, listens=True),
        *SHARES,
    )


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


def deferral(name: str, *, lock: str, rank: Rank, **args: Any) -> list[Any]:
    """Return the parameters with which `DEFERRED` enqueues this job; the schema must be public."""
    given = json.dumps({**args, **_traced()})
    return [rank["queue"], task_named(name).name, rank["priority"], lock, given]


def public_schema_around(call_next: SyncCallNext, context: JobContext, worker: Worker) -> Any:
    """Start and end every job in public: the thread's connection outlives the job."""
    _renew_connection()
    schema_context.to_public()
    job = context.job
    bound: dict[str, Any] = {"job_id": job.id, "task": job.task_name}
    if request_id := job.task_kwargs.pop(REQUEST_ID, None):
        bound["request_id"] = request_id
    try:
        with structlog.contextvars.bound_contextvars(**bound), _bounded(job):
            return call_next()
    except Exception:
        if is_last_try(job) and isinstance(context.task.retry_strategy, Lasting):
            _renew_connection()
            give_up(job)
        raise
    finally:
        _renew_connection()
        schema_context.to_public()


def _bounded(job: Job) -> AbstractContextManager[None]:
    return database_waits.at_most(SHORT_SECONDS) if job.queue in SHORT else nullcontext()


def give_up(job: Job) -> None:
    """Tell whoever waits for a job that nobody will try it again."""
    schema_context.to_public()
    # On Django's connection, the queue hands on what a job was asked for as it is written.
    given: Any = job.task_kwargs
    args = json.loads(given) if isinstance(given, str) else given
    try:
        with transaction.atomic():
            signals.job_given_up.send(Job, task=job.task_name, args=args)
    except Exception:  # whoever it was for may be gone with their schema: the job still ends
        log.exception("nobody could be told", given_up=job.task_name, given_up_job=job.id)


def _renew_connection() -> None:
    """Leave a connection that is lost, or past its age, to nobody."""
    connection.close_if_unusable_or_obsolete()


def defer_once(
    name: str,
    *,
    lock: str,
    rank: Rank | None = None,
    wait: timedelta | None = None,
    **args: Any,
) -> None:
    """Enqueue a job of a task, after a wait if given, unless one with this lock waits already.

    Without a rank it has its task's own. The duplicate is refused by a unique index, which would
    poison the caller's transaction: hence a savepoint of its own. The queue is in public, wherever
    the caller works.
    """
    task = task_named(name)
    given = rank or Rank(queue=task.queue, priority=task.priority)
    try:
        with schema_context.in_public(), transaction.atomic():
            task.configure(
                queueing_lock=lock,
                schedule_at=clock.now() + wait if wait else None,
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
