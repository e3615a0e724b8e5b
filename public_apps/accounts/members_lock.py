"""One lock for the members of a workspace: row locks alone would let two owners let each other go."""

from __future__ import annotations

from public_apps.core import locks
from public_apps.core.schema_context import current


def hold() -> None:
    """Wait until nobody else changes this workspace's members; held until the transaction ends."""
    locks.hold(f"{current()} members")
