"""How long to wait before another try."""

from __future__ import annotations

import random
from datetime import timedelta


def backoff(attempts: int, *, longest: timedelta) -> timedelta:
    """Return the wait before the next try: 2, 4, 8 … seconds up to `longest`, with jitter."""
    seconds = min(2.0 ** min(attempts, 20), longest.total_seconds())
    return timedelta(seconds=seconds * random.uniform(0.75, 1.0))  # noqa: S311 - spreads load only
