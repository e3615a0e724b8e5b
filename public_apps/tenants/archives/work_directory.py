"""Where an archive lies while somebody works on it: a folder of its own, gone afterwards."""

from __future__ import annotations

import contextlib
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

PREFIX = "concierge-archive-"
# Longer than any archive takes.
ABANDONED_AFTER = 24 * 60 * 60


@contextmanager
def desk() -> Iterator[Path]:
    """Lend an empty folder, and clear what those have left who were killed a day ago or earlier."""
    _clear_abandoned()
    with tempfile.TemporaryDirectory(prefix=PREFIX) as folder:
        yield Path(folder)


def _clear_abandoned() -> None:
    limit = time.time() - ABANDONED_AFTER
    for left in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        with contextlib.suppress(FileNotFoundError):  # another process may be at it, too
            if left.lstat().st_mtime < limit:
                shutil.rmtree(left)
