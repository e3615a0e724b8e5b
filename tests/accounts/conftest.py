"""The fixtures that these tests share with their neighbours, and a town to change people in."""

from __future__ import annotations

import pytest

from tests.core.ground import Door, door, found_workspace, ground
from tests.tenant_api.conftest import town
from tests.tenant_api.town import Town

__all__ = ["door", "ground", "town"]


@pytest.fixture
def own_town(door: Door) -> Town:
    """A workspace of its own: what happens to its people is no other test's business."""
    return Town(door, found_workspace())
