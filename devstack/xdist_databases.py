"""Tests side by side: every lane has a database, ports and secrets of its own.

The databases lie beside the run's own, on its server: `<database>_<folder>_gw0` and so on.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from devstack import databases, environment, ports, run_directory
from devstack.stack import Stack

FILE = "lanes.json"
A_PROCESSOR = 2  # tests wait for processes more than they compute
MOST = 8


def sensible_number() -> int:
    """Return how many lanes keep this machine busy and don't choke it."""
    return min(A_PROCESSOR * (os.cpu_count() or 1), MOST)


@contextmanager
def opened(stack: Stack, number: int) -> Iterator[Mapping[str, str]]:
    """Have lanes beside a stack whose database serves; yield what tells pytest's processes of them.

    Raises NoDatabase.
    """
    environs: dict[str, dict[str, str]] = {}
    with ExitStack() as ends:
        for index, span in enumerate(ports.shares(number)):
            name = f"gw{index}"  # as pytest-xdist calls the process that gets it
            given = {
                **environment.for_a_system(stack.env),
                "CONCIERGE_STATE": stack.env["CONCIERGE_STATE"],
                "DATABASE_URL": ends.enter_context(
                    databases.made(stack.database_url, database=_database_of(stack, name))
                ),
                ports.SPAN: span,
            }
            lane = Stack(stack.folder / name, environ=given)
            ends.callback(lane.discard)
            environs[name] = lane.env
        file = stack.folder / FILE
        run_directory.write_private(file, json.dumps(environs))
        yield {environment.LANES: str(file)}


def _database_of(stack: Stack, lane: str) -> str:
    return f"{urlsplit(stack.database_url).path.strip('/')}_{stack.folder.name}_{lane}"
