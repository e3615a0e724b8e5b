"""The fixtures that these tests share with their neighbours."""

from tests.core.ground import door, ground
from tests.tenant_api.conftest import own_town, town

__all__ = ["door", "ground", "own_town", "town"]
