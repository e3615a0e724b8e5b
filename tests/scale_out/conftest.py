"""The fixtures that these tests share with their neighbours."""

from tests.core.ground import door, ground

__all__ = ["door", "ground"]
