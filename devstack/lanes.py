"""Tests side by side: every lane has a database, ports and secrets of its own.

The databases lie beside the run's own, on its server: `<database>_<folder>_gw0` and so on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from devstack import environment, ports, state
from devstack.stack import Stack

FILE = "lanes.json"
A_PROCESSOR = 2  # tests wait for processes more than they compute
MOST = 8


class NoLanes(Exception):
    """The run's database server lets us make no further databases."""


def sensible_number() -> int:
    """Return how many lanes keep this machine busy and don't choke it."""
    return min(A_PROCESSOR * (os.cpu_count() or 1), MOST)


@contextmanager
def opened(stack: Stack, number: int) -> Iterator[Mapping[str, str]]:
    """Have lanes beside a stack whose database serves; yield what tells pytest's processes of them.

    Raises NoLanes.
    """
    environs: dict[str, dict[str, str]] = {}
    with ExitStack() as ends:
        for index, span in enumerate(ports.shares(number)):
            name = f"gw{index}"  # as pytest-xdist calls the process that gets it
            given = {
                **environment.without_settings(stack.env),
                "CONCIERGE_STATE": stack.env["CONCIERGE_STATE"],
                "DATABASE_URL": ends.enter_context(_database(stack, name)),
                ports.SPAN: span,
            }
            lane = Stack(stack.folder / name, environ=given)
            ends.callback(lane.discard)
            environs[name] = lane.env
        file = stack.folder / FILE
        state.write_private(file, json.dumps(environs))
        yield {environment.LANES: str(file)}


@contextmanager
def _database(stack: Stack, name: str) -> Iterator[str]:
    """Have an empty database for as long as the block runs; yield its address."""
    address = urlsplit(stack.database_url)
    database = f"{address.path.strip('/')}_{stack.folder.name}_{name}"
    drop = sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(database))
    with psycopg.connect(stack.database_url, autocommit=True) as connection:
        try:
            connection.execute(drop)  # what a `kill -9` left behind
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(database)))
        except psycopg.errors.InsufficientPrivilege as refusal:
            raise NoLanes(str(refusal).strip()) from refusal
    try:
        yield urlunsplit(address._replace(path=f"/{database}"))
    finally:
        with psycopg.connect(stack.database_url, autocommit=True) as connection:
            connection.execute(drop)
