"""An owner at their own workspace's door."""

from tests.billing.bench import bench
from tests.billing.owners.owner import owner
from tests.core.ground import door, ground

__all__ = ["bench", "door", "ground", "owner"]
