"""The fixtures that these tests share with their neighbours."""

from __future__ import annotations

import pytest

from tests.core.ground import Door, door, ground
from tests.tenant_api.town import Town

__all__ = ["door", "ground"]


@pytest.fixture
def town(door: Door) -> Town:
    """People of every role and a building of their own, in a workspace that tests share."""
    return Town(door)
