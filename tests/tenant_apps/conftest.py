"""What the tests of tenant apps stand on."""

from __future__ import annotations

import pytest

from tests.core.ground import Door, door, ground
from tests.tenant_api.town import Town

__all__ = ["door", "ground"]


@pytest.fixture
def town(door: Door) -> Town:
    """A workspace of its own, with whoever and whatever the test asks for."""
    return Town(door)
