"""The fixtures that these tests share with their neighbours, and a town of their own."""

from tests.core.ground import door, ground
from tests.tenant_api.conftest import town

__all__ = ["door", "ground", "town"]
