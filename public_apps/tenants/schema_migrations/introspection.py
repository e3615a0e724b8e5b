"""Look-ups in PostgreSQL's catalogue that cost the same for one schema as for ten thousand.

Django asks `pg_table_is_visible()` of every table of that name in the database, and django-tenants
moves the search path around each look-up. While the search path is one schema alone, naming
that schema finds the same rows, by an index.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection
from django.db.backends.postgresql.introspection import DatabaseIntrospection

IN_CURRENT_SCHEMA = (
    "{0}.relnamespace = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())"
)
# Without a name pg_class has no index to go by; what depends on a schema has one.
LISTED_BY_SCHEMA = """{0}.oid = ANY(ARRAY(
    SELECT objid FROM pg_depend
    WHERE classid = 'pg_class'::regclass AND refclassid = 'pg_namespace'::regclass
    AND refobjid = (SELECT oid FROM pg_namespace WHERE nspname = current_schema())))"""
ALIASES = ("c", "cl", "tbl", "c1")


class _Cursor:
    """A cursor whose statements ask for the current schema instead of for what is visible."""

    def __init__(self, cursor: Any, condition: str = IN_CURRENT_SCHEMA) -> None:
        self._cursor = cursor
        self._condition = condition

    def __getattr__(self, name: str) -> Any:
        return getattr(self._cursor, name)

    def execute(self, query: str, *params: Any) -> Any:
        """Execute the statement, made quick."""
        for alias in ALIASES:
            visible = f"pg_catalog.pg_table_is_visible({alias}.oid)"
            query = query.replace(visible, self._condition.format(alias))
        return self._cursor.execute(query, *params)


class _ByNamespace(DatabaseIntrospection):
    """Django's own introspection, without django-tenants' detour and with quick look-ups."""

    def get_table_list(self, cursor: Any) -> Any:
        return super().get_table_list(_Cursor(cursor, LISTED_BY_SCHEMA))  # type: ignore[arg-type]  # a cursor, all but

    def get_table_description(self, cursor: Any, table_name: str) -> Any:
        return super().get_table_description(_Cursor(cursor), table_name)  # type: ignore[arg-type]

    def get_sequences(self, cursor: Any, table_name: str, table_fields: Any = ()) -> Any:
        return super().get_sequences(_Cursor(cursor), table_name, table_fields)  # type: ignore[arg-type]

    def get_constraints(self, cursor: Any, table_name: str) -> Any:
        return super().get_constraints(_Cursor(cursor), table_name)  # type: ignore[arg-type]

    def get_relations(self, cursor: Any, table_name: str) -> Any:
        return super().get_relations(_Cursor(cursor), table_name)  # type: ignore[arg-type]


@contextmanager
def by_namespace() -> Iterator[None]:
    """Make look-ups quick on this connection. Only while the search path is one schema alone."""
    before = connection.introspection
    connection.introspection = _ByNamespace(connection)
    try:
        yield
    finally:
        connection.introspection = before
