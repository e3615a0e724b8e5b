"""A schema editor that does its work and remembers it, to tell whether others may just say the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import connection
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations import RunSQL
from django.db.migrations.operations import fields, models

from public_apps.tenants.schema_migrations.plan import MigrationStep

MODULES = frozenset({fields.__name__, models.__name__})
CONCURRENT = frozenset({AddIndexConcurrently, RemoveIndexConcurrently})
CONSTANT: tuple[Callable[..., Any], ...] = (
    dict, list, tuple, set, str, bytes, int, float, bool,
)  # fmt: skip


class Recorder(DatabaseSchemaEditor):
    """Executes like Django's own editor. What it executed is `text`, with each statement in full."""

    def __init__(self, *, atomic: bool) -> None:
        super().__init__(connection, atomic=atomic)
        self._said: list[str] = []
        self._speaking = False
        self._looked = False
        self._has_own_default = False

    @property
    def text(self) -> str:
        """All statements as one message; a comment at the end of one ends with its line."""
        return "".join(f"{statement}\n;\n" for statement in self._said)

    def execute(self, sql: Any, params: Any = ()) -> None:
        """Execute a statement and remember it."""
        text = str(sql) if params is None else connection.ops.compose_sql(str(sql), params)  # type: ignore[attr-defined]
        self._said.append(text.strip().rstrip(";"))
        self._speaking = True
        try:
            super().execute(text, None)
        finally:
            self._speaking = False

    def effective_default(self, field: Any) -> Any:
        """Return a default as Django does, and notice one that is made anew at each call."""
        by_clock = getattr(field, "auto_now", False) or getattr(field, "auto_now_add", False)
        self._has_own_default |= _is_computed(field) or by_clock
        return super().effective_default(field)

    def finish(self) -> None:
        """Execute what waits for the migration's end."""
        for statement in self.deferred_sql:
            self.execute(statement, None)
        self.deferred_sql.clear()

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Notice statements that do not come from this editor, such as looks into the catalogue."""
        with connection.execute_wrapper(self._hear):
            yield

    def _hear(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        if not self._speaking and not str(sql).startswith("SET search_path"):
            self._looked = True
        return execute(sql, params, many, context)

    def is_same_for_all(self, step: MigrationStep, *, new: bool) -> bool:
        """Whether a schema that has applied the same needs exactly this text.

        Looks into the catalogue of a *new* schema can't differ: everything in it is our doing.
        """
        if self._has_own_default or (not new and (self._looked or not step.migration.atomic)):
            return False
        return all(
            type(work.operation) is RunSQL
            or type(work.operation).__module__ in MODULES
            or (new and type(work.operation) in CONCURRENT)
            for work in step.works
        )


def _is_computed(field: Any) -> bool:
    """Whether a field's default is worked out at each call, and may differ from schema to schema.

    "No default" is a class, and so callable; a default may be any object, one without a hash, too.
    """
    if not type(field).get_default.__module__.startswith("django."):
        return True
    if not field.has_default() or not callable(field.default):
        return False
    return not any(field.default is each for each in CONSTANT)
