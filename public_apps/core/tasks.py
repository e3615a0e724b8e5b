"""Jobs that every deployment needs: mail from the outbox, and order in the queue itself."""

from __future__ import annotations

import structlog
from asgiref.sync import async_to_sync
from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.jobs import Job, Status

from public_apps.core import clearing, clock, idempotency, jobs, mail, sweeps, turns

log = structlog.get_logger(__name__)


@jobs.task("core.send_mail", rank=jobs.MAIL)
def send_mail(mail_id: int) -> None:
    """Send one mail of the outbox."""
    mail.send(mail_id=mail_id)


@jobs.periodic("core.sweep_mail", cron="* * * * * */5", rank=jobs.SWEEP, sweeps=("sweep_mail",))
def sweep_mail(timestamp: int) -> None:
    """Wake up mails whose retry is due, or whose job a crash has swallowed."""
    mail.SWEEP.run()


@jobs.periodic(
    "core.rescue_stalled_jobs",
    cron="* * * * * */10",
    rank=jobs.SWEEP,
    sweeps=("rescue_stalled_jobs",),
)
def rescue_stalled_jobs(timestamp: int) -> None:
    """Run again what a killed worker left as `doing`; a job that keeps killing workers is failed."""
    stalled = async_to_sync(app.job_manager.get_stalled_jobs)(
        seconds_since_heartbeat=jobs.SILENT_AFTER_SECONDS
    )
    sweeps.sweep(
        "rescue_stalled_jobs", stalled, _rescue, named=lambda job: f"{job.task_name} {job.id}"
    )


def _rescue(job: Job) -> None:
    """Let a job run again with the rank that it has; another one in its place does as well."""
    log.warning("stalled job", stalled_job_id=job.id, stalled_task=job.task_name)
    manager = app.job_manager
    if jobs.is_last_try(job):
        jobs.give_up(job)
        async_to_sync(manager.finish_job)(job, Status.FAILED, delete_job=False)
        return
    try:
        with transaction.atomic():
            async_to_sync(manager.retry_job)(job, retry_at=clock.now())
    except exceptions.UniqueViolation:  # a sweep has enqueued the same meanwhile
        async_to_sync(manager.finish_job)(job, Status.ABORTED, delete_job=True)


@jobs.periodic(
    "core.remove_old_jobs",
    cron="17 3 * * *",
    rank=jobs.HOUSEKEEPING,
    no_rows="Deletes by one statement each.",
)
def remove_old_jobs(timestamp: int) -> None:
    """Forget finished jobs and turns after a week: the rows themselves are the record, not these."""
    sweeps.each(_forget_jobs, turns.forget_old)


def _forget_jobs() -> None:
    async_to_sync(app.job_manager.delete_old_jobs)(
        nb_hours=24 * 7, include_failed=True, include_cancelled=True, include_aborted=True
    )


@jobs.periodic(
    "core.forget_requests",
    cron="47 3 * * *",
    rank=jobs.HOUSEKEEPING,
    no_rows="Deletes by one statement.",
)
def forget_requests(timestamp: int) -> None:
    """Forget requests whose repetition nobody expects any more."""
    idempotency.forget_old()


@jobs.periodic(
    "core.clear_mails",
    cron="7 4 * * *",
    rank=jobs.LAST,
    no_rows="Deletes by batches, whatever is old enough.",
)
def clear_mails(timestamp: int) -> None:
    """Forget mails that are over since long ago."""
    clearing.forget_mails()
