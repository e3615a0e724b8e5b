"""The fixtures that these tests share with their neighbours."""

from tests.billing.bench import bench, own_bench
from tests.core.ground import door, ground
from tests.domains.conftest import zone

__all__ = ["bench", "door", "ground", "own_bench", "zone"]
