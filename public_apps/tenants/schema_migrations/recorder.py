"""A schema editor that does its work and remembers it, to tell whether others may just say the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.postgresql.schema import DatabaseSchemaEditor
from django.db.migrations import RunSQL
from django.db.migrations.operations.base import Operation

from public_apps.tenants.schema_migrations.plan import CONCURRENT, MigrationStep, is_djangos

CONSTANT: tuple[Callable[..., Any], ...] = (
    dict, list, tuple, set, str, bytes, int, float, bool,
)  # fmt: skip
# What reaches beyond its statement, to the transaction's or the session's end. Rather too many are
# found than too few: who is found has a transaction of its own.
REACHES_FURTHER = re.compile(
    r"""(?:^|;)\s*(?:
            BEGIN | START | COMMIT | ABORT | ROLLBACK (?!\s+TO) | PREPARE | RESET | DISCARD
            | SET (?!\s+search_path\s*= | \s+CONSTRAINTS\s+(?!ALL\b))
        )\b
        | \bset_config\s*\( | \bCONCURRENTLY\b | \bADD\s+VALUE\b | \bON\s+COMMIT\b""",
    re.IGNORECASE | re.VERBOSE,
)
COMMENT = re.compile(r"--[^\n]*|/\*.*?\*/", re.DOTALL)


class Recorder(DatabaseSchemaEditor):
    """Executes like Django's own editor. What it executed is `text`, with each statement in full."""

    def __init__(self, *, atomic: bool) -> None:
        super().__init__(connection, atomic=atomic)
        self._said: list[str] = []
        self._speaking = False
        self._looked = False
        self._has_own_default = False
        self.reaches_further = False  # than its own transaction

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
    def listening(self, *, to_all: bool = False) -> Iterator[None]:
        """Notice statements that do not come from this editor, such as looks into the catalogue.

        With `to_all` notice also, of its own, those that reach further than their transaction.
        """
        hooks = len(connection.run_on_commit)
        hear = self._hear_all if to_all else self._hear
        with connection.execute_wrapper(hear):
            yield
        self.reaches_further |= len(connection.run_on_commit) > hooks

    def _hear(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        if not self._speaking and not str(sql).startswith("SET search_path"):
            self._looked = True
        return execute(sql, params, many, context)

    def _hear_all(
        self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any
    ) -> Any:
        self.reaches_further |= reaches_further(str(sql))
        return self._hear(execute, sql, params, many, context)

    def is_same_for_all(self, step: MigrationStep, *, new: bool) -> bool:
        """Whether a schema that has applied the same needs exactly this text.

        Looks into the catalogue of a *new* schema can't differ: everything in it is our doing.
        """
        if self._has_own_default or (not new and (self._looked or not step.migration.atomic)):
            return False
        return all(_is_plain(operation, new=new) for operation in step.operations)


def reaches_further(sql: str) -> bool:
    """Whether a statement may have an effect on what comes after its transaction, or on that itself."""
    return REACHES_FURTHER.search(COMMENT.sub(" ", sql)) is not None


def _is_plain(operation: Operation, *, new: bool) -> bool:
    if type(operation) is RunSQL:
        return not reaches_further(_sql_of(operation))
    return is_djangos(operation) and (new or type(operation) not in CONCURRENT)


def _sql_of(operation: RunSQL) -> str:
    statements = [operation.sql] if isinstance(operation.sql, str) else operation.sql
    return ";\n".join(each if isinstance(each, str) else each[0] for each in statements)


def _is_computed(field: Any) -> bool:
    """Whether a field's default is worked out at each call, and may differ from schema to schema.

    "No default" is a class, and so callable; a default may be any object, one without a hash, too.
    """
    if not type(field).get_default.__module__.startswith("django."):
        return True
    if not field.has_default() or not callable(field.default):
        return False
    return not any(field.default is each for each in CONSTANT)
