"""Filling a schema: every table gets thousands of rows like the one that it has.

What is unique is made unique, what refers is spread over what it refers to, and moments lie apart.
Made by SQL alone, whatever tables there are: one that comes tomorrow is filled, too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import TopologicalSorter
from typing import Any

from django.db import connection
from django.test import Client

FEW = 500  # of what there are so few, reading all is the quickest
SCAN = re.compile(r"Seq Scan on (\w+)")

# A workspace's own, of which there are as many as the code has, or as the person has devices.
FIXED = frozenset(
    {"django_migrations", "django_content_type", "auth_permission", "tenants_installation"}
)
COLUMNS = r"""
    SELECT c.relname, a.attname, format_type(a.atttypid, NULL), a.atttypmod - 4,
        EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.oid AND i.indisunique
            AND pg_get_indexdef(i.indexrelid) ~ ('\m' || a.attname || '\M')
            AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conrelid = c.oid
                AND k.contype = 'f' AND k.conkey[1] = ANY (i.indkey))),
        (SELECT confrelid::regclass::text FROM pg_constraint k WHERE k.conrelid = c.oid
            AND k.contype = 'f' AND k.conkey = ARRAY[a.attnum] LIMIT 1)
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0
    WHERE c.relkind = 'r' AND c.relnamespace = current_schema()::regnamespace
        AND NOT a.attisdropped AND a.attidentity = '' AND a.attgenerated = ''
    ORDER BY c.relname, a.attnum"""


@dataclass(frozen=True)
class Column:
    """One column, and what its values must be."""

    name: str
    kind: str
    most: int
    is_unique: bool  # by itself: where it is so along with what it refers to, that is spread
    refers_to: str | None

    @property
    def value(self) -> str:
        """Return the expression for row `n` of a table, which is like the row `r`."""
        here = f'r."{self.name}"'
        if self.refers_to:
            return f'CASE WHEN {here} IS NULL THEN NULL ELSE "of_{self.name}".id END'
        if self.name == "schema_name":  # a check takes it in this form alone
            return "'t_' || left(md5(n::text), 24)"
        if self.kind == "timestamp with time zone":
            return f"{here} - n * interval '1 minute'"
        if not self.is_unique:
            return here
        return {
            "uuid": "gen_random_uuid()",
            "date": f"({here} + n * interval '1 month')::date",
            "bigint": f"{here} + n",
            "integer": f"{here} + n",
            "smallint": f"{here} + n",
            "character varying": self._text(here),
            "text": self._text(here),
        }.get(self.kind, here)

    def _text(self, here: str) -> str:
        whole = f"md5(n::text) || {here}"
        return whole if self.most < 1 else f"left({whole}, {self.most})"


def read_through(client: Client, path: str, rows: dict[str, int]) -> dict[str, str]:
    """Open a page; return the plans that read a whole table of many `rows` for it, by query."""
    with _plans() as found:
        answer = client.get(path)
    assert answer.status_code == 200, f"{path}: {answer.content!r}"
    return {
        query: plan
        for query, plan in found.items()
        if any(rows.get(table, 0) > FEW for table in SCAN.findall(plan))
    }


@contextmanager
def _plans() -> Iterator[dict[str, str]]:
    """Have PostgreSQL explain every SELECT of this process where it is asked; by query."""
    found: dict[str, str] = {}

    def explained(execute: Any, sql: Any, params: Any, many: bool, context: Any) -> Any:
        if str(sql).startswith("SELECT"):
            execute(f"EXPLAIN {sql}", params, many, context)
            found[str(sql)] = "\n".join(line for (line,) in context["cursor"].fetchall())
        return execute(sql, params, many, context)

    with connection.execute_wrapper(explained):
        yield found


def fill(rows: int) -> dict[str, int]:
    """Give each table of the current schema up to so many rows; return how many each has now."""
    tables = _tables()
    parents = {
        name: {column.refers_to for column in columns if column.refers_to} - {name}
        for name, columns in tables.items()
    }
    for name in TopologicalSorter(parents).static_order():
        if name in tables and name not in FIXED:
            _multiply(name, tables[name], rows)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
        return {name: _count(cursor, name) for name in tables}


def _tables() -> dict[str, list[Column]]:
    found: dict[str, list[Column]] = {}
    with connection.cursor() as cursor:
        cursor.execute(COLUMNS)
        for table, *column in cursor.fetchall():
            found.setdefault(table, []).append(Column(*column))
    return found


def _multiply(table: str, columns: list[Column], rows: int) -> None:
    names = ", ".join(f'"{column.name}"' for column in columns)
    values = ", ".join(column.value for column in columns)
    spread = " ".join(
        _spread(column, apart=number) for number, column in enumerate(columns) if column.refers_to
    )
    statement = (
        f'INSERT INTO "{table}" ({names}) SELECT {values}'  # noqa: S608 - names of ours
        f' FROM generate_series(1, {rows}) n CROSS JOIN (SELECT * FROM "{table}" LIMIT 1) r {spread}'
        " ON CONFLICT DO NOTHING"
    )
    with connection.cursor() as cursor:
        cursor.execute(statement)


def _spread(column: Column, *, apart: int) -> str:
    """Join one row of what a column refers to, another one for each number and each column."""
    alias, parent = f'"of_{column.name}"', f'"{column.refers_to}"'
    return (
        f"LEFT JOIN (SELECT pk.*, row_number() OVER () - 1 AS place FROM {parent} pk) {alias}"  # noqa: S608
        f" ON {alias}.place = (n + {apart}) % NULLIF((SELECT count(*) FROM {parent}), 0)"
    )


def _count(cursor: Any, table: str) -> int:
    cursor.execute(f'SELECT count(*) FROM "{table}"')  # noqa: S608 - names of ours
    return int(cursor.fetchone()[0])
