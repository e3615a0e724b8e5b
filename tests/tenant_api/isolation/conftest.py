"""The fixtures of the ground, and two workspaces that are twins."""

from __future__ import annotations

import pytest

from tests.core.ground import Door, Ground, door, ground
from tests.tenant_api.estate import Estate
from tests.tenant_api.isolation.twins import Twins, standing_neighbours, standing_twins

__all__ = ["door", "ground", "neighbours", "own_twins", "twins"]


@pytest.fixture
def twins(ground: Ground) -> Twins:
    """Twins that tests share: no test may do anything to either of them."""
    return standing_twins(ground)


@pytest.fixture
def own_twins(door: Door) -> Twins:
    """Twins of a test's own."""
    return Twins.born(door)


@pytest.fixture
def neighbours(ground: Ground) -> tuple[Estate, Estate]:
    """Two workspaces with nothing in them, for tests that write."""
    return standing_neighbours(ground)
