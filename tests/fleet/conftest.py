"""The fixtures that these tests share with their neighbours."""

from tests.core.ground import door, ground
from tests.fleet.orchards import database, fleet, original

__all__ = ["database", "door", "fleet", "ground", "original"]
