"""Who has applied what: asked of the schemas themselves, hundreds in one query."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import chain

from django.db import DatabaseError, connection

from public_apps.tenants.schema_migrations.head import Key, Keys

# Each schema in a query is a lock on its table: far fewer than PostgreSQL has room for.
MOST_SCHEMAS = 100
READERS = 2
# Sorted by bytes, so that the same set reads the same under any collation.
READ = """SELECT %s, md5(coalesce(string_agg(app || '.' || name, ','
    ORDER BY app COLLATE "C", name COLLATE "C"), '')) FROM {}.django_migrations"""
HAVE_TABLE = """SELECT n.nspname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE c.relname = 'django_migrations' AND c.relkind = 'r' AND n.nspname = ANY(%s)"""


@dataclass
class Found:
    """What a probe found: schemas by what they have applied, and those that could not be read."""

    groups: dict[str, list[str]] = field(default_factory=dict)
    unreadable: dict[str, str] = field(default_factory=dict)


def look(schema_names: Sequence[str]) -> Found:
    """Group schemas by what they have applied, in the order given."""
    found = Found()
    there = _with_table(schema_names)
    for name in schema_names:
        if name not in there:
            found.unreadable[name] = "The schema or its django_migrations is not there."
    readable = [name for name in schema_names if name in there]
    parts = [
        readable[start : start + MOST_SCHEMAS] for start in range(0, len(readable), MOST_SCHEMAS)
    ]
    digests = dict(_read_beside_each_other(parts, found))
    # PostgreSQL may read a long UNION ALL in parallel, and answers in any order.
    for name in readable:
        if name in digests:
            found.groups.setdefault(digests[name], []).append(name)
    return found


def applied(schema_name: str) -> Keys:
    """Return what one schema has applied."""
    quoted = connection.ops.quote_name(schema_name)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT app, name FROM {quoted}.django_migrations")  # noqa: S608 - quoted
        rows: list[Key] = cursor.fetchall()
    return frozenset(rows)


def _with_table(schema_names: Sequence[str]) -> set[str]:
    with connection.cursor() as cursor:
        cursor.execute(HAVE_TABLE, [list(schema_names)])
        return {name for (name,) in cursor.fetchall()}


def _read_beside_each_other(parts: list[list[str]], found: Found) -> list[tuple[str, str]]:
    """Read on several connections: to open a table of each schema is work for the server alone."""
    if (
        len(parts) < 2 or connection.in_atomic_block
    ):  # others would not see what we have not committed
        return [row for part in parts for row in _read(part, found)]

    def read(share: list[list[str]]) -> list[tuple[str, str]]:
        try:
            return [row for part in share for row in _read(part, found)]
        finally:
            connection.close()  # this thread's own

    with ThreadPoolExecutor(READERS) as readers:
        shares = readers.map(read, (parts[number::READERS] for number in range(READERS)))
        return list(chain.from_iterable(shares))


def _read(schema_names: Sequence[str], found: Found) -> Iterator[tuple[str, str]]:
    """Read some schemas at once; if that fails, half of them, down to the one that is to blame."""
    quote = connection.ops.quote_name
    query = " UNION ALL ".join(READ.format(quote(name)) for name in schema_names)
    try:
        with connection.cursor() as cursor:
            cursor.execute(query, schema_names)
            rows: list[tuple[str, str]] = cursor.fetchall()
    except DatabaseError as error:
        if len(schema_names) == 1:
            found.unreadable[schema_names[0]] = str(error)
            return
        middle = len(schema_names) // 2
        yield from _read(schema_names[:middle], found)
        yield from _read(schema_names[middle:], found)
    else:
        yield from rows
