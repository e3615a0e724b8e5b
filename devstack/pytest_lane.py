"""A plugin of pytest: gives each process of a run its lane's environment, before settings are read.

`devstack.xdist_databases` says what a lane is. Loaded by `-p`, which comes before pytest-django.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from devstack.environment import LANE, LANES

# The fixtures of the tests that take longest; side by side, those of one kind come to one lane.
LONG = ("campaign_state", "own_system", "breakable")


def enter() -> None:
    """Take over the environment of this process's lane; whoever leads the others has none."""
    if name := os.environ.get(LANE):
        os.environ.update(json.loads(Path(os.environ[LANES]).read_text())[name])


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Have the longest tests run first, so that no lane is left alone with one at the end.

    Else the order stays random: this comes after pytest-randomly.
    """
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    fixtures = getattr(item, "fixturenames", ())
    return next((rank for rank, name in enumerate(LONG) if name in fixtures), len(LONG))


enter()
