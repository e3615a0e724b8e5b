"""Jobs that every deployment needs: mail from the outbox, and order in the queue itself."""

from __future__ import annotations

import structlog
from asgiref.sync import async_to_sync
from procrastinate.contrib.django import app
from procrastinate.jobs import Status

from public_apps.core import figures, idempotency, jobs, mail

log = structlog.get_logger(__name__)
MAX_RESCUES = 5


@app.task(queue="mail", priority=jobs.NORMAL)
def send_mail(mail_id: int) -> None:
    """Send one mail of the outbox."""
    mail.send(mail_id=mail_id)


@app.periodic(cron="* * * * * */5")
@app.task(queue="mail", queueing_lock="sweep_mail")
def sweep_mail(timestamp: int) -> None:
    """Wake up mails whose retry is due, or whose job a crash has swallowed."""
    for mail_id in mail.due():
        jobs.defer_once(send_mail, lock=f"mail:{mail_id}", mail_id=mail_id)


@app.periodic(cron="* * * * * */10")
@app.task(queue="upkeep", queueing_lock="rescue_stalled_jobs")
def rescue_stalled_jobs(timestamp: int) -> None:
    """Run again what a killed worker left as `doing`; a job that keeps killing workers is failed."""
    manager = app.job_manager
    stalled = async_to_sync(manager.get_stalled_jobs)(
        seconds_since_heartbeat=jobs.SILENT_AFTER_SECONDS
    )
    for job in stalled:
        log.warning("stalled job", stalled_job_id=job.id, stalled_task=job.task_name)
        if job.attempts >= MAX_RESCUES:
            async_to_sync(manager.finish_job)(job, Status.FAILED, delete_job=False)
        else:
            async_to_sync(manager.retry_job)(job)


@app.periodic(cron="17 3 * * *")
@app.task(queue="upkeep", queueing_lock="remove_old_jobs")
def remove_old_jobs(timestamp: int) -> None:
    """Forget finished jobs after a week: the inbox and the tenant rows are the record, not the queue."""
    async_to_sync(app.job_manager.delete_old_jobs)(
        nb_hours=24 * 7, include_failed=True, include_cancelled=True, include_aborted=True
    )


@app.periodic(cron="47 3 * * *")
@app.task(queue="upkeep", queueing_lock="forget_requests")
def forget_requests(timestamp: int) -> None:
    """Forget requests whose repetition nobody expects any more."""
    idempotency.forget_old()


@app.periodic(cron="57 3 * * *")
@app.task(queue="upkeep", queueing_lock="forget_figures")
def forget_figures(timestamp: int) -> None:
    """Forget the figures of long ago."""
    figures.forget_old()
