"""What is left to do for schemas that have applied the same: worked out once, for all of them.

Most of the time of Django's `migrate` goes into rendering historical models, which depend on the
migrations alone. A plan holds them rendered; what remains for each schema is the work itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType

from django.contrib.contenttypes.management import inject_rename_contenttypes_operations
from django.db import connection, router
from django.db.migrations import Migration, RunPython, SeparateDatabaseAndState
from django.db.migrations.executor import MigrationExecutor
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

from public_apps.core.schema_context import inside
from public_apps.tenants.schema_migrations import post_migrate
from public_apps.tenants.schema_migrations.head import Key, Keys
from public_apps.tenants.schema_migrations.introspection import by_namespace
from public_apps.tenants.schema_migrations.kept import Texts

# Operations after which `post_migrate` finds nothing new: all that concern columns and indexes.
WITHOUT_EFFECTS = frozenset(
    """
    AddField AlterField RemoveField RenameField AddIndex RemoveIndex RenameIndex AddConstraint
    RemoveConstraint AlterConstraint AlterUniqueTogether AlterIndexTogether AlterModelTable
    AlterModelTableComment AlterOrderWithRespectTo AddIndexConcurrently RemoveIndexConcurrently
    """.split()  # noqa: SIM905 - a list of words, read as one
)


class ConflictingMigrations(Exception):
    """Two migrations of an app both claim to be its last: `makemigrations --merge` settles it."""


@dataclass(frozen=True)
class Work:
    """One operation with the states before and after it."""

    operation: Operation
    before: ProjectState
    after: ProjectState


@dataclass
class MigrationStep:
    """One migration. `text` is what it does as SQL, once a canary has shown that all need the same."""

    migration: Migration
    works: list[Work]
    text: str | None = None

    @property
    def key(self) -> Key:
        """What the migration is called."""
        return self.migration.app_label, self.migration.name

    @property
    def records(self) -> list[Key]:
        """What is recorded as applied: a squashed migration stands for those that it replaces."""
        return [(app, name) for app, name in self.migration.replaces] or [self.key]


@dataclass
class Plan:
    """All that is left to do for a schema which has applied exactly `applied`."""

    applied: Keys
    steps: list[MigrationStep]
    state: ProjectState  # after all steps
    # Whether we know each thing that happens; if not, django-tenants' own way is the way.
    is_foreseen: bool
    closing: list[Key] = field(default_factory=list)  # squashes that count as applied at the end

    @property
    def is_text(self) -> bool:
        """Whether all that is left is to say what a canary said."""
        return (
            all(step.text is not None for step in self.steps)
            and not self.closing
            and not self.may_have_effects
        )

    @property
    def texts(self) -> dict[Key, str]:
        """What is known as text, by migration."""
        return {step.key: step.text for step in self.steps if step.text is not None}

    @cached_property
    def wanted(self) -> post_migrate.Wanted:
        """Return the content types and permissions that belong to the plan's end."""
        return post_migrate.wanted_by(self.state)

    @property
    def may_have_effects(self) -> bool:
        """Whether content types or permissions may be lacking after these steps."""
        return any(
            type(operation).__name__ not in WITHOUT_EFFECTS
            for step in self.steps
            for operation in step.migration.operations
        )


class UnknownMigrations(Exception):
    """This code does not know migrations that it is asked to go to: a newer release's, maybe."""


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
        state = executor._create_project_state(with_applied_migrations=True)  # type: ignore[attr-defined]
        inject_rename_contenttypes_operations(plan=todo, apps=state.apps, using=connection.alias)
        left = {migration for migration, _backwards in todo}
        steps = []
        for migration, _backwards in order:
            if migration in left:
                step, state = _step(migration, state, texts)
                steps.append(step)
        # Asked again: a squash whose parts are all applied counts as applied to the loader.
        applied = frozenset(executor.recorder.applied_migrations())
        recorded = applied.union(*(step.records for step in steps))
        return Plan(
            applied=applied,
            steps=steps,
            state=state,
            is_foreseen=post_migrate.receivers_are_known() and all(map(_is_djangos_own, steps)),
            closing=[
                key
                for key, squash in loader.replacements.items()
                if key not in recorded and recorded.issuperset(squash.replaces)
            ],
        )


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


def _is_djangos_own(step: MigrationStep) -> bool:
    return all(type(work.operation).__module__.startswith("django.") for work in step.works)


def _step(
    migration: Migration, state: ProjectState, texts: Texts
) -> tuple[MigrationStep, ProjectState]:
    """Return what a migration does and the state after it, whose models wait till they are asked for."""
    text = texts.get((migration.app_label, migration.name))
    if text is None:
        works, after = _prepare(migration, state)
        return MigrationStep(migration, works), after
    after = state.clone()
    after.__dict__.pop("apps", None)  # or each operation would render again what it changes
    for operation in migration.operations:
        operation.state_forwards(migration.app_label, after)
    return MigrationStep(migration, [], text), after


def _prepare(migration: Migration, state: ProjectState) -> tuple[list[Work], ProjectState]:
    """Return a migration's works and the state after it; the state before stays as it is."""
    label = migration.app_label
    runs_here = router.allow_migrate(connection.alias, label)
    works: list[Work] = []
    for operation in migration.operations:
        before, state = state, state.clone()
        operation.state_forwards(label, state)
        if runs_here:
            works += _works(label, operation, before, state)
    return works, state


def _works(
    label: str, operation: Operation, before: ProjectState, after: ProjectState
) -> Iterator[Work]:
    if type(operation) is SeparateDatabaseAndState:
        # It would work out its states again for each schema.
        for inner in operation.database_operations:
            between = before.clone()
            inner.state_forwards(label, between)
            yield from _works(label, inner, before, between)
            before = between
    elif not isinstance(operation, RunPython):
        yield Work(operation, before, after)
    elif operation.code is not RunPython.noop:
        yield Work(operation, _pinned(before), after)


def _pinned(state: ProjectState) -> ProjectState:
    """Return a state whose models are all rendered, and stay so.

    RunPython drops a delayed state's models at each call, to see relations that were left out.
    """
    pinned = state.clone()
    pinned.is_delayed = False
    pinned.__dict__.pop("apps", None)
    return pinned
