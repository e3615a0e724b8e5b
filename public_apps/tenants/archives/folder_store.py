"""Archives in a folder of a disk that web and worker share."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
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
            with contextlib.suppress(OSError):  # what hindered the copy may hinder this, too
                beside.unlink()
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
        found = (path.relative_to(self._folder).as_posix() for path in self._files(".zip"))
        return sorted(key for key in found if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Destroy what is kept."""
        try:
            (self._folder / key).unlink(missing_ok=True)
        except OSError as error:
            raise NoStore(f"{key} can't be destroyed: {error}") from error

    def tidy(self, prefix: str = "", *, older_than: timedelta) -> None:
        """Destroy what a kill has left half-written so long ago."""
        limit = time.time() - older_than.total_seconds()
        for part in self._files(".part"):
            key = part.relative_to(self._folder).as_posix()
            with contextlib.suppress(FileNotFoundError):  # whoever wrote it has come to the end
                if key.startswith(prefix) and part.stat().st_mtime <= limit:
                    self.delete(key)

    def _files(self, ending: str) -> Iterator[Path]:
        """Yield the files of the folders within; a folder that may not be read is no empty one."""
        for folder in self._entries(self._folder):
            if folder.is_dir():
                for file in self._entries(folder):
                    if file.name.endswith(ending):
                        yield file

    def _entries(self, folder: Path) -> list[Path]:
        try:
            return [folder / name for name in os.listdir(folder)]
        except FileNotFoundError:
            return []  # nothing was ever kept, or the last of it has just gone
        except OSError as error:
            raise NoStore(f"{self._folder} can't be read: {error}") from error


def _unread(key: str, error: OSError) -> NoStore:
    kind = NotKept if isinstance(error, FileNotFoundError) else NoStore
    return kind(f"{key} can't be read: {error}")
