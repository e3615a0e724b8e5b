"""A new schema from an archive: built by our own migrations, filled with its rows, and compared.

Everything happens in the caller's transaction: a failure or a kill leaves nothing behind.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Any

import psycopg
from django.db import DatabaseError, connection
from psycopg import sql

from public_apps.core import database_waits
from public_apps.tenants import schema_creation, schema_location
from public_apps.tenants.archives import schema_contents
from public_apps.tenants.archives.manifest import ArchiveRefused, TableFacts
from public_apps.tenants.archives.reader import OpenArchive
from public_apps.tenants.archives.schema_contents import Table
from public_apps.tenants.schema_migrations import applied, executor, head, plan
from public_apps.tenants.schema_migrations.plan import UnknownMigrations


def rebuild(schema_name: str, archive: OpenArchive) -> None:
    """Make a schema that holds what the archive holds, then bring it to this code's head.

    Call it in a transaction. Raises `ArchiveRefused` when the archive is of a newer release, or
    does not fit what its own migrations make.
    """
    executor.hold(schema_name)
    _build(schema_name, archive)
    with connection.cursor() as cursor, database_waits.unbounded(cursor):
        schema_contents.speak_plainly(cursor)
        _fill(cursor, schema_name, archive)
        _compare(cursor, schema_name, archive)
    if applied.applied(schema_name) != frozenset(archive.manifest.migrations):
        raise ArchiveRefused("Its migrations are not those that its manifest names.")
    bring_to_head(schema_name)


def bring_to_head(schema_name: str) -> None:
    """Migrate a schema that nobody uses, in the caller's transaction, and verify it."""
    if not head.is_head(applied.applied(schema_name)):
        left = plan.compile_plan(schema_name)
        executor.migrate(schema_name, left, done=left.applied, settled=False)
    schema_creation.verify(schema_name)


def _build(schema_name: str, archive: OpenArchive) -> None:
    schema_location.create_schema(schema_name)
    migrations = frozenset(archive.manifest.migrations)
    if migrations == head.required():
        schema_creation.fill(schema_name)
        return
    try:
        whole = plan.compile_plan(schema_name, upto=migrations)
    except UnknownMigrations as error:
        raise ArchiveRefused(f"It is of another release, newer than this one: {error}") from error
    executor.build(schema_name, whole)


def _fill(cursor: Any, schema_name: str, archive: OpenArchive) -> None:
    there = {table.name: table for table in schema_contents.tables_of(cursor, schema_name)}
    told = {facts.name: facts for facts in archive.manifest.tables}
    if there.keys() != told.keys():
        odd = sorted(there.keys() ^ told.keys())
        raise ArchiveRefused(f"Its tables are not those of its migrations: {odd[:5]}")
    _clear(cursor, there.values())
    try:
        for name, table in there.items():
            _load(cursor, table, told[name], archive)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    except (DatabaseError, psycopg.Error) as error:
        # COPY speaks past Django, and so do its errors.
        raise ArchiveRefused(f"Its rows do not fit: {_first_line(error)}") from error
    cursor.execute("SET CONSTRAINTS ALL DEFERRED")


def _clear(cursor: Any, tables: Iterable[Table]) -> None:
    """Remove what migrations have put there: it has its place in the archive, with its ids."""
    for table in tables:
        cursor.execute(sql.SQL("SELECT EXISTS (SELECT FROM {})").format(table.qualified))
        (has_rows,) = cursor.fetchone()
        if has_rows:  # from some tables our role may delete nothing; those start empty
            cursor.execute(sql.SQL("DELETE FROM {}").format(table.qualified))


def _load(cursor: Any, table: Table, told: TableFacts, archive: OpenArchive) -> None:
    if set(table.column_names) != set(told.columns):
        odd = sorted(set(table.column_names) ^ set(told.columns))
        raise ArchiveRefused(f"{table.name} has other columns: {odd[:5]}")
    with cursor.copy(table.copy_in(told.columns)) as rows:
        for piece in archive.pieces(_data(table)):
            rows.write(piece)
    schema_contents.number_on(cursor, table, told.last)


def _compare(cursor: Any, schema_name: str, archive: OpenArchive) -> None:
    """Hold every table against the archive, by what it gives now; raise `ArchiveRefused`."""
    told = {facts.name: facts for facts in archive.manifest.tables}
    for table in schema_contents.tables_of(cursor, schema_name):
        digest = hashlib.sha256()
        for piece in schema_contents.copied(cursor, table.copy_out(told[table.name].columns)):
            digest.update(piece)
        if cursor.rowcount != told[table.name].rows:
            raise ArchiveRefused(
                f"{table.name} has {cursor.rowcount} rows and not {told[table.name].rows}."
            )
        if digest.hexdigest() != archive.manifest.members[_data(table)].sha256:
            raise ArchiveRefused(f"{table.name} does not hold what was archived.")


def _data(table: Table) -> str:
    return f"data/{table.name}.copy"


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
