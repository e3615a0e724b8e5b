"""The fixtures that these tests share with their neighbours."""

from __future__ import annotations

from tests.core.ground import door, ground

__all__ = ["door", "ground"]
