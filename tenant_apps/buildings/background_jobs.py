"""Long work by the worker, with its progress in sight."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from uuid import UUID

from django.db import DEFAULT_DB_ALIAS, connections, transaction
from django.dispatch import receiver
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from public_apps.accounts.models import User
from public_apps.core import jobs, locks, signals
from public_apps.core.errors import Problem
from public_apps.core.schema_context import current, inside
from public_apps.tenants import offboarding_hooks
from tenant_apps.buildings.models import Work

TELL_EVERY_SECONDS = 0.25
Tell = Callable[[int, int], None]
ReportLine = dict[str, Any]
_tasks: dict[str, str] = {}


class Refusal(Exception):
    """The work can't be done; nothing of it was. The report says why, line by line."""

    def __init__(self, report: list[ReportLine]) -> None:
        super().__init__("refused")
        self.report = report


def carries_out(kind: str, task: str) -> None:
    """Register the name of the task that does work of a kind."""
    _tasks[kind] = task


def enqueue(*, kind: str, subject_id: int, asked_by: User, content: str = "") -> Work:
    """Have the worker do something once this transaction commits; return what one can watch."""
    work = Work.objects.create(
        kind=kind, subject_id=subject_id, asked_by_id=asked_by.pk, content=content
    )
    _wake(work)
    return work


@offboarding_hooks.reenqueues
def take_up() -> None:
    """Enqueue all work of the current schema that is neither done nor refused."""
    for work in Work.objects.defer("content").filter(done_at=None, refused_at=None):
        _wake(work)


def _wake(work: Work) -> None:
    schema = current()
    # With the schema: an archive brings the same ids to another one.
    lock = f"work:{schema}:{work.pk}"
    jobs.defer_once(_tasks[work.kind], lock=lock, schema=schema, work_id=str(work.pk))


def do(*, schema: str, work_id: str, how: Callable[[Work, Tell], list[ReportLine]]) -> None:
    """Do the work in one transaction with the row's end, so that a job run twice does it once.

    `how` returns a report, or raises `Refusal` or a `Problem`, and then nothing of it stays.
    """
    with inside(schema), _telling(schema, UUID(work_id)) as tell:
        Work.objects.filter(pk=work_id, started_at=None).update(started_at=timezone.now())
        try:
            with transaction.atomic():
                _alone(work_id)
                work = Work.objects.get(pk=work_id)
                if work.status in {"done", "refused"}:
                    return
                with translation.override(_language_of(work)):
                    report = how(work, tell)
                Work.objects.filter(pk=work_id).update(
                    done_at=timezone.now(), report=report, content=""
                )
        except Refusal as refusal:
            _refuse(work_id, refusal.report)
        except Problem as problem:
            _refuse(work_id, [{"line": None, "detail": problem.detail}])


@receiver(signals.job_given_up)
def end_with_words(task: str, args: Mapping[str, Any], **_sent: Any) -> None:
    """Refuse work that was tried in vain for too long: whoever asked can ask again."""
    if task not in {jobs.task_named(name).name for name in _tasks.values()}:
        return
    with inside(str(args["schema"])):
        work = Work.objects.filter(pk=args["work_id"]).first()
        if work is None:
            return
        with translation.override(_language_of(work)):
            said = _("A fault on our side stopped this. Nothing of it was kept: please try again.")
        _refuse(str(work.pk), [{"line": None, "field": "", "detail": said}])


def _language_of(work: Work) -> str:
    """Return the language in which to report: of whoever asked, if they are still there."""
    return work.asked_by.language if work.asked_by else str(translation.get_language())


def latest(*, kind: str, subject_id: int) -> Work | None:
    """Return the newest work of a kind about something."""
    return Work.objects.filter(kind=kind, subject_id=subject_id).order_by("-created_at").first()


def _refuse(work_id: str, report: list[ReportLine]) -> None:
    Work.objects.filter(pk=work_id, done_at=None).update(
        refused_at=timezone.now(), report=report, content=""
    )


def _alone(work_id: str) -> None:
    """Wait for whoever does the same work. Not by the row's lock: progress is written there."""
    locks.hold(f"work {work_id}")


@contextmanager
def _telling(schema: str, work_id: UUID) -> Iterator[Tell]:
    """Give a function that tells how many of how many steps are done, now and then.

    On a connection of its own: the work's own transaction shows nothing before it ends.
    """
    aside: Any = connections.create_connection(DEFAULT_DB_ALIAS)
    aside.set_schema(schema, include_public=False)
    table = aside.ops.quote_name(Work._meta.db_table)
    told_at = 0.0

    def tell(done: int, steps: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at < TELL_EVERY_SECONDS and done != steps:
            return
        with aside.cursor() as cursor:
            cursor.execute(
                f"UPDATE {table} SET steps_done = %s, steps = %s WHERE id = %s",  # noqa: S608
                [done, steps, work_id],
            )
        told_at = time.monotonic()

    try:
        yield tell
    finally:
        aside.close()
