"""Doing a plan in one schema: by Django's own operations, or by the text that they came to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import groupby
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection, transaction
from django.db.migrations import AddIndex, RemoveIndex, RunPython, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder

from public_apps.core.schema_context import inside
from public_apps.tenants.schema_migrations import post_migrate
from public_apps.tenants.schema_migrations.head import Key, Keys
from public_apps.tenants.schema_migrations.introspection import by_namespace
from public_apps.tenants.schema_migrations.plan import MigrationStep, Plan, Work
from public_apps.tenants.schema_migrations.recorder import Recorder

RECORD = "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())"
# What each commit does otherwise: rows whose constraints still wait would forbid a later ALTER.
SETTLE = "SET CONSTRAINTS ALL IMMEDIATE; SET CONSTRAINTS ALL DEFERRED"
# On tables that nobody has seen there is nobody to wait for.
PLAINLY: dict[type[Operation], type[Operation]] = {
    AddIndexConcurrently: AddIndex,
    RemoveIndexConcurrently: RemoveIndex,
}


def build(schema_name: str, plan: Plan) -> None:
    """Fill a new, empty schema in the caller's transaction, by a plan for nothing applied.

    The first time leaves in the plan what later ones may say as text.
    """
    with inside(schema_name), by_namespace():
        with connection.schema_editor(atomic=False) as editor:
            editor.create_model(MigrationRecorder.Migration)
        for is_text, steps in groupby(plan.steps, key=lambda step: step.text is not None):
            if is_text:
                _say(*(step.text or "" for step in steps))
                continue
            for step in steps:
                recorder = _operate(step, new=True)
                if recorder.is_same_for_all(step, new=True):
                    step.text, step.works = recorder.text, []
        _finish(plan)


def migrate(
    schema_name: str, plan: Plan, *, done: Keys, settled: bool, canary: bool = False
) -> None:
    """Bring a schema to head, each migration that is not `done` in a transaction with its record.

    A crash loses nothing and repeats nothing. `settled` says that earlier plans came to their end.
    A canary goes the long way and leaves in the plan what others may say as text.
    """
    with inside(schema_name), by_namespace():
        for step in plan.steps:
            if done.issuperset(step.records):
                continue
            if step.text is not None:
                # A message without parameters is one transaction, and one round trip.
                _say(_hold(schema_name), step.text)
                continue
            recorder = _operate(step, holding=schema_name)
            if canary and recorder.is_same_for_all(step, new=False):
                step.text = recorder.text
        if plan.closing or plan.may_have_effects or not settled:
            with transaction.atomic():
                _say(_hold(schema_name))
                _finish(plan)


def repeat(schema_names: Sequence[str], plan: Plan) -> None:
    """Bring schemas to head by a plan that is text alone, one after the other, in one message.

    Each migration is a transaction of its own, with its record: when one fails, those before it stand,
    and the others have not begun. For schemas whose earlier plans came to their end.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors:
        try:
            # Not by a cursor of django-tenants', which would first send a path of its own.
            connection.connection.execute(_message(schema_names, plan))
        except BaseException:
            if not connection.connection.closed:
                connection.connection.rollback()
            raise


def _message(schema_names: Sequence[str], plan: Plan) -> str:
    return "".join(
        f"BEGIN;\nSET LOCAL search_path = {connection.ops.quote_name(schema_name)};\n"
        f"{_hold(schema_name)}{step.text}COMMIT;\n"
        for schema_name in schema_names
        for step in plan.steps
    )


def hold(schema_name: str) -> None:
    """Keep others from building, changing or removing a schema until the transaction ends."""
    _say(_hold(schema_name))


def _operate(step: MigrationStep, *, holding: str = "", new: bool = False) -> Recorder:
    """Run a migration's operations truly, then record it, in one transaction if it allows that."""
    atomic = step.migration.atomic or new
    with nullcontext() if atomic else _patient(), Recorder(atomic=atomic) as editor:
        if holding and atomic:
            hold(holding)
        with editor.listening():
            for work in step.works:
                _work(step, work, editor, new=new)
            editor.finish()
        if new and any(isinstance(work.operation, RunPython | RunSQL) for work in step.works):
            editor.execute(SETTLE)
        for key in step.records:
            editor.execute(RECORD, key)
    return editor


@contextmanager
def _patient() -> Iterator[None]:
    """Wait for locks as long as it takes: building an index beside the traffic holds up nobody.

    To give way would leave the index behind, invalid and in the way of the next attempt.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('lock_timeout')")
        (before,) = cursor.fetchone()
        cursor.execute("SET lock_timeout = 0")
        try:
            yield
        finally:
            cursor.execute("SELECT set_config('lock_timeout', %s, false)", [before])


def _work(step: MigrationStep, work: Work, editor: Recorder, *, new: bool) -> None:
    operation, label = work.operation, step.migration.app_label
    if isinstance(operation, RunPython):
        _forget_types(work)
    forwards = (PLAINLY.get(type(operation)) if new else None) or type(operation)
    alone = operation.atomic or (step.migration.atomic and operation.atomic is not False)
    if alone and not editor.atomic_migration:
        with transaction.atomic():
            forwards.database_forwards(operation, label, editor, work.before, work.after)
    else:
        forwards.database_forwards(operation, label, editor, work.before, work.after)


def _forget_types(work: Work) -> None:
    """Historical managers outlive a schema, and would give the next one its ids."""
    models: dict[str, Any] = work.before.apps.all_models["contenttypes"]
    if "contenttype" in models:
        models["contenttype"].objects.clear_cache()


def _finish(plan: Plan) -> None:
    """Add what belongs to a plan's end, in the caller's transaction."""
    for key in plan.closing:
        _record(key)
    post_migrate.ensure(plan.wanted)


def _record(key: Key) -> None:
    with connection.cursor() as cursor:
        cursor.execute(RECORD, key)


def _hold(schema_name: str) -> str:
    return f"SELECT pg_advisory_xact_lock(hashtextextended('{schema_name}', 0));\n"


def _say(*texts: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("".join(texts))
