"""Databases on a server that was given to us: made for a run, dropped after it, never somebody's own."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

OURS = "tenants_tenant"  # a table that only a database of New Concierge has
CONNECT_SECONDS = 10
DROP_SECONDS = 30
MOST_NAMED = 3


class NotOurs(Exception):
    """A database holds somebody else's tables; the message says so in one sentence."""


class NoDatabase(Exception):
    """The server lets us make no database; the message says so in one sentence."""


def address_of(url: str, *, database: str) -> str:
    """Return the address of another database on the same server."""
    return urlunsplit(urlsplit(url)._replace(path=f"/{database}"))


@contextmanager
def made(url: str, *, database: str) -> Iterator[str]:
    """Have an empty database beside that of `url` for as long as the block runs; yield its address.

    One of this name that an earlier run left behind is dropped first. Raises NoDatabase.
    """
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
    try:
        with psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS) as connection:
            connection.execute(drop)
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
    except psycopg.OperationalError as error:
        raise NoDatabase(f"DATABASE_URL can't be reached: {_first_line(error)}") from error
    except psycopg.errors.InsufficientPrivilege as error:
        raise NoDatabase(
            f"Tests need databases of their own, and DATABASE_URL's server says “{_first_line(error)}”:"
            " give its role CREATEDB."
        ) from error
    try:
        yield address_of(url, database=database)
    finally:
        with psycopg.connect(url, autocommit=True) as connection:
            _drop(connection, drop)


def _drop(connection: psycopg.Connection[tuple[Any, ...]], drop: sql.Composed) -> None:
    """Drop a database, waiting for whom our role may not send away: the server's own autovacuum."""
    deadline = time.monotonic() + DROP_SECONDS
    while True:
        try:
            connection.execute(drop)
        except psycopg.errors.InsufficientPrivilege:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.2)
        else:
            return


def refuse_foreign(url: str) -> None:
    """Return if a database is empty, out of reach, or ours. Raises NotOurs."""
    try:
        connection = psycopg.connect(url, connect_timeout=CONNECT_SECONDS)
    except psycopg.OperationalError:
        return  # whoever uses it will say so
    with connection:
        rows = connection.execute(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public' ORDER BY tablename"
        )
        tables = [str(name) for (name,) in rows]
    if tables and OURS not in tables:
        some = ", ".join(tables[:MOST_NAMED])
        raise NotOurs(
            f"The database at DATABASE_URL holds tables that are not New Concierge's ({some}): give it"
            " an empty database."
        )


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().splitlines()[0]
