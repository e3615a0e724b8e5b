"""Doing a plan in one schema: by Django's own operations, or by the text that they came to."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import groupby
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection, transaction
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations import AddIndex, RemoveIndex, RunPython
from django.db.migrations.operations.base import Operation
from django.db.migrations.recorder import MigrationRecorder
from django.db.models import signals
from django_tenants.migration_executors.base import run_migrations
from django_tenants.signals import schema_migrated, schema_pre_migration

from public_apps.tenants.schema_migrations import post_migrate
from public_apps.tenants.schema_migrations.head import Key, Keys
from public_apps.tenants.schema_migrations.introspection import by_namespace
from public_apps.tenants.schema_migrations.plan import MigrationStep, Plan, Work
from public_apps.tenants.schema_migrations.recorder import Recorder
from public_apps.tenants.schema_migrations.search_path import inside, path

RECORD = "INSERT INTO django_migrations (app, name, applied) VALUES (%s, %s, now())"
DEFERRABLE = """
    SELECT DISTINCT conname, condeferred FROM pg_constraint WHERE condeferrable
    AND connamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema()) ORDER BY 1"""
# On tables that nobody has seen there is nobody to wait for.
PLAINLY: dict[type[Operation], type[Operation]] = {
    AddIndexConcurrently: AddIndex,
    RemoveIndexConcurrently: RemoveIndex,
}
# Migrations in one message: each locks tables, indexes and sequences until its transaction ends.
MOST_TOGETHER = 25


class NeedsTransactions(Exception):
    """A migration does what reaches beyond its own transaction: it can't share one with others."""


def build(schema_name: str, plan: Plan) -> None:
    """Fill a new, empty schema in the caller's transaction, by a plan for nothing applied.

    The first time leaves in the plan what later ones may say as text. Raises `NeedsTransactions`, after
    which the plan knows it, too; then nothing of the schema is to be kept.
    """
    if plan.needs_transactions:
        raise NeedsTransactions("Not all migrations can share a transaction.")
    _build(schema_name, plan, at_once=True)


def build_in_steps(schema_name: str, plan: Plan) -> None:
    """Fill a new, empty schema as Django would, each migration in a transaction of its own or in none.

    Outside of all transactions. A crash leaves half a schema, which is to be thrown away.
    """
    _build(schema_name, plan, at_once=False)


def _build(schema_name: str, plan: Plan, *, at_once: bool) -> None:
    with _announced(schema_name), inside(schema_name), by_namespace():
        with connection.schema_editor(atomic=not at_once) as editor:
            editor.create_model(MigrationRecorder.Migration)
        _announce_begin(plan)
        for steps in _in_company(plan.steps):
            if steps[0].text is not None:
                with nullcontext() if at_once else transaction.atomic():
                    _say(*(step.text or "" for step in steps))
                continue
            for step in steps:
                _build_by(step, plan, at_once=at_once)
        hooks = len(connection.run_on_commit)
        _finish(plan, at_once=at_once)
        _announce_end(plan)
        if at_once and len(connection.run_on_commit) > hooks:
            plan.needs_transactions = True
            raise NeedsTransactions("post_migrate")
        if at_once:  # or a later ALTER, in the same transaction, would find rows that still wait
            with connection.schema_editor(atomic=False) as editor:
                _settle(editor)


def _build_by(step: MigrationStep, plan: Plan, *, at_once: bool) -> None:
    recorder = _operate(step, plan, new=True, at_once=at_once)
    if at_once and recorder.reaches_further:
        plan.needs_transactions = True
        raise NeedsTransactions(".".join(step.key))
    if recorder.is_same_for_all(step, new=True):
        step.is_text(recorder.text)


def _in_company(steps: Iterable[MigrationStep]) -> Iterator[list[MigrationStep]]:
    """Yield texts of Django's own making a few together, every other step by itself."""
    for together, group in groupby(
        steps, key=lambda step: step.text is not None and step.is_djangos
    ):
        members = list(group)
        size = MOST_TOGETHER if together else 1
        yield from (members[start : start + size] for start in range(0, len(members), size))


def migrate(
    schema_name: str, plan: Plan, *, done: Keys, settled: bool, canary: bool = False
) -> None:
    """Bring a schema to head, each migration that is not `done` in a transaction with its record.

    A crash loses nothing and repeats nothing. `settled` says that earlier plans came to their end.
    A canary goes the long way and leaves in the plan what others may say as text.
    """
    with _announced(schema_name), inside(schema_name), by_namespace():
        _announce_begin(plan)
        for step in plan.steps:
            if done.issuperset(step.records):
                continue
            if step.text is not None:
                # A message without parameters is one transaction, and one round trip.
                _say(_hold(schema_name), step.text)
                continue
            recorder = _operate(step, plan, holding=schema_name)
            if canary and recorder.is_same_for_all(step, new=False):
                step.is_text(recorder.text)
        if plan.closing or plan.may_have_effects or not settled:
            with transaction.atomic():
                _say(_hold(schema_name))
                _finish(plan)
        _announce_end(plan)


def repeat(schema_names: Sequence[str], plan: Plan) -> None:
    """Bring schemas to head by a plan that is text alone, one after the other, in one message.

    Each migration is a transaction of its own, with its record: when one fails, those before it stand,
    and the others have not begun. For schemas whose earlier plans came to their end.
    """
    listened = post_migrate.strangers_listen()
    for schema_name in schema_names if listened else ():
        with inside(schema_name):
            _announce_begin(plan)
    with _announced(*schema_names):
        _repeat(schema_names, plan)
    for schema_name in schema_names if listened else ():
        with inside(schema_name):
            _announce_end(plan)


def _repeat(schema_names: Sequence[str], plan: Plan) -> None:
    connection.ensure_connection()
    with connection.wrap_database_errors:
        try:
            # Not by a cursor of django-tenants', which would first send a path of its own.
            connection.connection.execute(_message(schema_names, plan))
        except BaseException:
            if not connection.connection.closed:
                connection.connection.rollback()
            raise


@contextmanager
def _announced(*schema_names: str) -> Iterator[None]:
    """Send django-tenants' signals around the migration of schemas."""
    for schema_name in schema_names:
        schema_pre_migration.send(run_migrations, schema_name=schema_name)
    yield
    for schema_name in schema_names:
        schema_migrated.send(run_migrations, schema_name=schema_name)


def _announce_begin(plan: Plan) -> None:
    if post_migrate.strangers_listen():
        post_migrate.announce(signals.pre_migrate, plan.apps_before, plan.listed)


def _announce_end(plan: Plan) -> None:
    if post_migrate.strangers_listen():
        post_migrate.announce(signals.post_migrate, plan.apps_after, plan.listed)


def _message(schema_names: Sequence[str], plan: Plan) -> str:
    return "".join(
        f"BEGIN;\nSET LOCAL search_path = {path(schema_name)};\n"
        f"{_hold(schema_name)}{step.text}COMMIT;\n"
        for schema_name in schema_names
        for step in plan.steps
    )


def hold(schema_name: str) -> None:
    """Keep others from building, changing or removing a schema until the transaction ends."""
    _say(_hold(schema_name))


def _operate(
    step: MigrationStep, plan: Plan, *, holding: str = "", new: bool = False, at_once: bool = False
) -> Recorder:
    """Run a migration's operations truly, then record it, in one transaction if it allows that."""
    atomic = step.migration.atomic or at_once or (new and step.is_djangos)
    with nullcontext() if atomic else _patient(), Recorder(atomic=atomic) as editor:
        if holding and atomic:
            hold(holding)
        settles = new and atomic and not step.is_djangos
        with editor.listening(to_all=at_once and not step.is_djangos):
            if settles:
                _settle(editor)
            for work in plan.works(step):
                _work(step, work, editor, new=new)
            editor.finish()
        if settles:
            _settle(editor)
        for key in step.records:
            editor.execute(RECORD, key)
    return editor


def _settle(editor: BaseDatabaseSchemaEditor) -> None:
    """Check what constraints have put off, and have each wait again or not, as it was declared.

    Every commit does so. Constraints are named: what is set for all would hold for those to come, too.
    """
    with connection.cursor() as cursor:
        cursor.execute(DEFERRABLE)
        found = cursor.fetchall()
    _set_constraints(editor, [name for name, _is_late in found], "IMMEDIATE")
    _set_constraints(editor, [name for name, is_late in found if is_late], "DEFERRED")


def _set_constraints(editor: BaseDatabaseSchemaEditor, names: Sequence[str], when: str) -> None:
    if names:
        quoted = ", ".join(map(connection.ops.quote_name, names))
        editor.execute(f"SET CONSTRAINTS {quoted} {when}", None)


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
    models: dict[str, Any] = work.before.apps.all_models.get("contenttypes", {})
    if "contenttype" in models:
        models["contenttype"].objects.clear_cache()


def _finish(plan: Plan, *, at_once: bool = True) -> None:
    """Add what belongs to a plan's end."""
    with nullcontext() if at_once else transaction.atomic():
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
