"""The ground, for tests that only need a workspace to ask."""

from __future__ import annotations

from tests.core.ground import door, ground

__all__ = ["door", "ground"]
