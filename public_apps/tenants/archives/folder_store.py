"""Archives in a folder of a disk that web and worker share."""

from __future__ import annotations

import shutil
import time
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO

from public_apps.tenants.archives.store_types import NoStore, NotKept


class FolderStore:
    """A folder of a disk that web and worker share."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of a file."""
        kept = self._folder / key
        beside = kept.with_name(f"{kept.name}.part")
        try:
            kept.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            shutil.copyfile(path, beside)
            beside.replace(kept)
        except OSError as error:
            beside.unlink(missing_ok=True)
            raise NoStore(f"{self._folder} takes nothing: {error}") from error

    def fetch(self, key: str, to: Path) -> None:
        """Write what is kept to a file."""
        try:
            shutil.copyfile(self._folder / key, to)
        except OSError as error:
            raise _unread(key, error) from error

    def open(self, key: str) -> BinaryIO:
        """Return what is kept, to be read and closed."""
        try:
            return (self._folder / key).open("rb")
        except OSError as error:
            raise _unread(key, error) from error

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin so, sorted."""
        found = (path.relative_to(self._folder).as_posix() for path in self._folder.glob("*/*.zip"))
        return sorted(key for key in found if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Destroy what is kept."""
        (self._folder / key).unlink(missing_ok=True)

    def tidy(self, prefix: str = "", *, older_than: timedelta) -> None:
        """Destroy what a kill has left half-written so long ago."""
        limit = time.time() - older_than.total_seconds()
        for part in self._folder.glob("*/*.part"):
            is_asked = part.relative_to(self._folder).as_posix().startswith(prefix)
            if is_asked and part.stat().st_mtime <= limit:
                part.unlink(missing_ok=True)


def _unread(key: str, error: OSError) -> NoStore:
    kind = NotKept if isinstance(error, FileNotFoundError) else NoStore
    return kind(f"{key} can't be read: {error}")
