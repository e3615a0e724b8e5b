"""What is left to do for schemas that have applied the same: worked out once, for all of them.

Most of the time of Django's `migrate` goes into rendering historical models, which depend on the
migrations alone. The first schema renders them as Django does, step by step; what later ones need
again, a plan keeps, and nothing else: what has become text needs no models.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import Any

from django.contrib.contenttypes.management import inject_rename_contenttypes_operations
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection, router
from django.db.migrations import Migration, RenameModel, RunPython, RunSQL, SeparateDatabaseAndState
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations import fields, models
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from public_apps.tenants.schema_migrations import post_migrate
from public_apps.tenants.schema_migrations.head import Key, Keys
from public_apps.tenants.schema_migrations.introspection import by_namespace
from public_apps.tenants.schema_migrations.kept import Texts
from public_apps.tenants.schema_migrations.search_path import inside

# Operations after which `post_migrate` finds nothing new: all that concern columns and indexes.
WITHOUT_EFFECTS = frozenset(
    """
    AddField AlterField RemoveField RenameField AddIndex RemoveIndex RenameIndex AddConstraint
    RemoveConstraint AlterConstraint AlterUniqueTogether AlterIndexTogether AlterModelTable
    AlterModelTableComment AlterOrderWithRespectTo AddIndexConcurrently RemoveIndexConcurrently
    """.split()  # noqa: SIM905 - a list of words, read as one
)
SCHEMA_MODULES = frozenset({fields.__name__, models.__name__})
CONCURRENT = frozenset({AddIndexConcurrently, RemoveIndexConcurrently})
# A rendered model takes some 25 KB: what a process keeps of them stays about 50 MB.
MOST_RENDERED = 2000


class ConflictingMigrations(Exception):
    """Two migrations of an app both claim to be its last: `makemigrations --merge` settles it."""


class UnknownMigrations(Exception):
    """This code does not know migrations that it is asked to go to: a newer release's, maybe."""


@dataclass(frozen=True)
class Work:
    """One operation with the states before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState


@dataclass
class MigrationStep:
    """One migration. `text` is what it does as SQL, once it has shown that all schemas need the same."""

    number: int
    migration: Migration
    runs_here: bool
    text: str | None = None
    # What is kept of one that is no text: its operations with their states, or the state before it.
    works: list[Work] | None = None
    before: ProjectState | None = None

    @property
    def key(self) -> Key:
        """What the migration is called."""
        return self.migration.app_label, self.migration.name

    @property
    def records(self) -> list[Key]:
        """What is recorded as applied: a squashed migration stands for those that it replaces."""
        return [(app, name) for app, name in self.migration.replaces] or [self.key]

    @cached_property
    def operations(self) -> list[Operation]:
        """What touches the database, in order."""
        return list(_of_database(self.migration.operations)) if self.runs_here else []

    @cached_property
    def is_djangos(self) -> bool:
        """Whether all of it are Django's own operations on tables, columns, constraints and indexes."""
        return all(map(is_djangos, self.operations))

    def is_text(self, text: str) -> None:
        """Keep only its text: no states are needed any more."""
        self.text, self.works, self.before = text, None, None


@dataclass
class Plan:
    """All that is left to do for a schema which has applied exactly `applied`."""

    applied: Keys
    steps: list[MigrationStep]
    start: ProjectState  # before the first step, never rendered
    closing: list[Key] = field(default_factory=list)  # squashes that count as applied at the end
    # Whether a new schema has shown that this needs transactions of its own, migration by migration.
    needs_transactions: bool = False
    _room: int = field(default_factory=lambda: MOST_RENDERED)

    @property
    def is_text(self) -> bool:
        """Whether all that is left is to say what a first schema said."""
        return (
            all(step.text is not None for step in self.steps)
            and not self.closing
            and not self.may_have_effects
        )

    @property
    def texts(self) -> dict[Key, str]:
        """What is known as text, by migration."""
        return {step.key: step.text for step in self.steps if step.text is not None}

    @property
    def listed(self) -> list[tuple[Migration, bool]]:
        """The plan as Django writes it: each migration, and that it goes forwards."""
        return [(step.migration, False) for step in self.steps]

    @cached_property
    def wanted(self) -> post_migrate.Wanted:
        """Return the content types and permissions that belong to the plan's end."""
        return post_migrate.wanted_by(self.end)

    @cached_property
    def end(self) -> ProjectState:
        """Return the state after all steps, whose models wait till they are asked for."""
        return _unrendered(self._states.before(len(self.steps)))

    @cached_property
    def apps_before(self) -> Any:
        """Return the models before the first step, rendered: for receivers of `pre_migrate`."""
        return self.start.clone().apps

    @cached_property
    def apps_after(self) -> Any:
        """Return the models after the last step, rendered: for receivers of `post_migrate`."""
        return post_migrate.apps_after(self.end.clone())

    @property
    def may_have_effects(self) -> bool:
        """Whether content types or permissions may be lacking after these steps."""
        return any(
            type(operation).__name__ not in WITHOUT_EFFECTS
            for step in self.steps
            for operation in step.migration.operations
        )

    @cached_property
    def could_do_anything(self) -> bool:
        """Whether something in it is not Django's own: Python, SQL or an operation of somebody's."""
        return not all(step.is_djangos for step in self.steps)

    def works(self, step: MigrationStep) -> Iterator[Work]:
        """Yield a step's operations, each with its states; it must be done before the next is asked for.

        The first time the models are rendered on the way from the step before. What will be wanted
        again is kept as long as there is room.
        """
        if step.works is not None:
            yield from step.works
            return
        again = step.before is not None
        state = step.before.clone() if step.before else self._states.before(step.number)
        step.before = step.before or _unrendered(state)
        keeps = (again or not step.is_djangos) and self._has_room(step, state)
        kept: list[Work] = []
        for work in _walk(step, state, snapshots=keeps):
            if keeps:
                kept.append(work)
            yield work
        if not again:
            self._states.came_after(step.number)
        if keeps:
            step.works = kept

    def _has_room(self, step: MigrationStep, state: ProjectState) -> bool:
        pythons = sum(isinstance(operation, RunPython) for operation in step.operations)
        wanted = len(state.models) * (pythons + (not step.is_djangos or not pythons))
        if wanted > self._room:
            return False
        self._room -= wanted
        return True

    @cached_property
    def _states(self) -> _States:
        return _States(self.start, self.steps)


class _States:
    """The project's state on its way through the steps: one at a time, as Django's `migrate` has it."""

    def __init__(self, start: ProjectState, steps: list[MigrationStep]) -> None:
        self._start = start
        self._steps = steps
        self._number = 0
        self._state: ProjectState | None = start.clone()

    def before(self, number: int) -> ProjectState:
        """Return the state before this step, for the caller to carry through it.

        Until the caller says that it `came_after`, there is none to go on from.
        """
        if self._state is None or self._number > number:
            self._state, self._number = self._start.clone(), 0
        state = self._state
        if self._number < number:  # or each operation would render again what it changes
            state.__dict__.pop("apps", None)
        for step in self._steps[self._number : number]:
            for operation in step.migration.operations:
                operation.state_forwards(step.migration.app_label, state)
        self._state = None
        self._last = state
        return state

    def came_after(self, number: int) -> None:
        """Take note that the state given out has been carried through this step."""
        self._state, self._number = self._last, number + 1
        if self._number == len(self._steps):
            self._state.__dict__.pop("apps", None)


def compile_plan(
    schema_name: str, *, upto: Keys | None = None, texts: Texts = MappingProxyType({})
) -> Plan:
    """Return the plan for a schema, and for all others that have applied the same.

    It leads to this code's head, or to exactly the migrations `upto` of an earlier release. What
    `texts` holds of a migration, an earlier plan for the same has shown to be what it does. Raises
    `ConflictingMigrations`, `UnknownMigrations`, and Django's InconsistentMigrationHistory.
    """
    with inside(schema_name), by_namespace():
        executor = MigrationExecutor(connection)
        loader = executor.loader
        loader.check_consistent_history(connection)
        if conflicts := loader.detect_conflicts():
            raise ConflictingMigrations(f"{sorted(conflicts)}: run makemigrations --merge")
        leaves = loader.graph.leaf_nodes() if upto is None else _leaves(loader, upto)
        todo = executor.migration_plan(leaves)
        order = executor.migration_plan(leaves, clean_start=True)
        start = executor._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined]
        _rename_content_types(todo, start)
        left = {migration for migration, _backwards in todo}
        steps = [
            MigrationStep(
                number=number,
                migration=migration,
                runs_here=router.allow_migrate(connection.alias, migration.app_label),
                text=texts.get((migration.app_label, migration.name)),
            )
            for number, migration in enumerate(each for each, _backwards in order if each in left)
        ]
        # Asked again: a squash whose parts are all applied counts as applied to the loader.
        applied = frozenset(executor.recorder.applied_migrations())
        recorded = applied.union(*(step.records for step in steps))
        return Plan(
            applied=applied,
            steps=steps,
            start=_unrendered(start),
            needs_transactions=any(map(_does_its_own_transactions, steps)),
            closing=[
                key
                for key, squash in loader.replacements.items()
                if key not in recorded and recorded.issuperset(squash.replaces)
            ],
        )


def is_djangos(operation: Operation) -> bool:
    """Whether this is Django's own way to change a table, a column, a constraint or an index."""
    return type(operation).__module__ in SCHEMA_MODULES or type(operation) in CONCURRENT


def _leaves(loader: MigrationLoader, upto: Keys) -> list[Key]:
    """Return those of `upto` that nothing else of it depends on; a squash stands for its parts."""
    goal = set(upto)
    for key, squash in loader.replacements.items():
        if key in loader.graph.nodes and goal.issuperset(squash.replaces):
            goal = (goal - set(squash.replaces)) | {key}
    if unknown := goal - loader.graph.nodes.keys():
        raise UnknownMigrations(f"{sorted(unknown)[:5]}")
    return sorted(
        key
        for key in goal
        if not any(each.key in goal for each in loader.graph.node_map[key].children)
    )


def _rename_content_types(todo: list[tuple[Migration, bool]], state: ProjectState) -> None:
    """Have content types follow their models, as Django does before each `migrate`."""
    operations = [operation for migration, _backwards in todo for operation in migration.operations]
    if any(isinstance(operation, RenameModel) for operation in operations):
        inject_rename_contenttypes_operations(plan=todo, apps=state.apps, using=connection.alias)


def _does_its_own_transactions(step: MigrationStep) -> bool:
    """Whether a migration without a transaction does something that may count on there being none."""
    return not step.migration.atomic and not step.is_djangos


def _of_database(operations: Sequence[Operation]) -> Iterator[Operation]:
    for operation in operations:
        if type(operation) is SeparateDatabaseAndState:
            yield from _of_database(operation.database_operations)
        elif not _is_nothing(operation):
            yield operation


def _is_nothing(operation: Operation) -> bool:
    return isinstance(operation, RunPython) and operation.code is RunPython.noop


def _walk(step: MigrationStep, state: ProjectState, *, snapshots: bool) -> Iterator[Work]:
    """Carry a state through a step; yield what is to be done in the database on the way.

    `snapshots` says that the states of what is yielded must stay as they are afterwards.
    """
    label = step.migration.app_label
    if step.runs_here and not all(isinstance(each, RunPython | RunSQL) for each in step.operations):
        _ = state.apps  # all at once: operations then render anew what they change, and no more
    for operation in step.migration.operations:
        before = state.clone()
        operation.state_forwards(label, state)
        if step.runs_here:
            after = state.clone() if snapshots and not _is_code(operation) else state
            yield from _works(label, operation, before, after, pinned=snapshots)


def _works(
    label: str, operation: Operation, before: ProjectState, after: ProjectState, *, pinned: bool
) -> Iterator[Work]:
    if type(operation) is SeparateDatabaseAndState:
        # It would work out its states again for each schema.
        for inner in operation.database_operations:
            between = before.clone()
            inner.state_forwards(label, between)
            yield from _works(label, inner, before, between, pinned=pinned)
            before = between
    elif not _is_nothing(operation):
        pin = pinned and isinstance(operation, RunPython)
        yield Work(operation, _pinned(before) if pin else before, after)


def _is_code(operation: Operation) -> bool:
    """Whether an operation sees the state before it alone."""
    return isinstance(operation, RunPython | RunSQL)


def _unrendered(state: ProjectState) -> ProjectState:
    clone = state.clone()
    clone.__dict__.pop("apps", None)
    return clone


def _pinned(state: ProjectState) -> ProjectState:
    """Return a state whose models are all rendered, and stay so.

    RunPython drops a delayed state's models at each call, to see relations that were left out.
    """
    pinned = _unrendered(state)
    pinned.is_delayed = False
    return pinned
