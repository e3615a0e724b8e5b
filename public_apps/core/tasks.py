"""Jobs that every deployment needs: mail from the outbox, and order in the queue itself."""

from __future__ import annotations

import structlog
from asgiref.sync import async_to_sync
from django.db import transaction
from procrastinate import exceptions
from procrastinate.contrib.django import app
from procrastinate.jobs import Job, Status

from public_apps.core import figures, idempotency, jobs, mail, sweeps

log = structlog.get_logger(__name__)
MAX_RESCUES = 5


@app.task(**jobs.MAIL)
def send_mail(mail_id: int) -> None:
    """Send one mail of the outbox."""
    mail.send(mail_id=mail_id)


@app.periodic(cron="* * * * * */5")
@app.task(queueing_lock="sweep_mail", **jobs.SWEEP)
def sweep_mail(timestamp: int) -> None:
    """Wake up mails whose retry is due, or whose job a crash has swallowed."""
    sweeps.each("sweep_mail", mail.due(), mail.wake, named=lambda due: f"mail {due.pk}")


@app.periodic(cron="* * * * * */10")
@app.task(queueing_lock="rescue_stalled_jobs", **jobs.SWEEP)
def rescue_stalled_jobs(timestamp: int) -> None:
    """Run again what a killed worker left as `doing`; a job that keeps killing workers is failed."""
    stalled = async_to_sync(app.job_manager.get_stalled_jobs)(
        seconds_since_heartbeat=jobs.SILENT_AFTER_SECONDS
    )
    sweeps.each(
        "rescue_stalled_jobs", stalled, _rescue, named=lambda job: f"{job.task_name} {job.id}"
    )


def _rescue(job: Job) -> None:
    """Let a job run again with the rank that it has; another one in its place does as well."""
    log.warning("stalled job", stalled_job_id=job.id, stalled_task=job.task_name)
    manager = app.job_manager
    if job.attempts >= MAX_RESCUES:
        async_to_sync(manager.finish_job)(job, Status.FAILED, delete_job=False)
        return
    try:
        with transaction.atomic():
            async_to_sync(manager.retry_job)(job)
    except exceptions.UniqueViolation:  # a sweep has enqueued the same meanwhile
        async_to_sync(manager.finish_job)(job, Status.ABORTED, delete_job=True)


@app.periodic(cron="17 3 * * *")
@app.task(queueing_lock="remove_old_jobs", **jobs.HOUSEKEEPING)
def remove_old_jobs(timestamp: int) -> None:
    """Forget finished jobs after a week: the inbox and the tenant rows are the record, not the queue."""
    async_to_sync(app.job_manager.delete_old_jobs)(
        nb_hours=24 * 7, include_failed=True, include_cancelled=True, include_aborted=True
    )


@app.periodic(cron="47 3 * * *")
@app.task(queueing_lock="forget_requests", **jobs.HOUSEKEEPING)
def forget_requests(timestamp: int) -> None:
    """Forget requests whose repetition nobody expects any more."""
    idempotency.forget_old()


@app.periodic(cron="57 3 * * *")
@app.task(queueing_lock="forget_figures", **jobs.HOUSEKEEPING)
def forget_figures(timestamp: int) -> None:
    """Forget the figures of long ago."""
    figures.forget_old()
