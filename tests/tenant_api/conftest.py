"""The fixtures that these tests share with their neighbours, and a town of their own."""

from __future__ import annotations

import pytest

from tests.core.ground import Door, door, found_workspace, ground
from tests.tenant_api.town import Town

__all__ = ["door", "ground", "town"]


@pytest.fixture
def town(door: Door) -> Town:
    """People of every role and a building of their own, in a workspace that tests share."""
    return Town(door)


@pytest.fixture
def own_town(door: Door) -> Town:
    """A workspace of its own: what happens to its people is no other test's business."""
    return Town(door, found_workspace())
