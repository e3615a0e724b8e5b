"""Where archives are kept: a folder that every process reaches, behind an interface of five verbs."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings


class NoStore(Exception):
    """There is no store for archives, or it is out of reach; the message says why."""


class Store(Protocol):
    """Keeps files under keys such as `tenant-7/x.zip`; each is there whole, or not at all."""

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of a file; one of this key is replaced."""

    def fetch(self, key: str, to: Path) -> None:
        """Write what is kept to a file. Raises `NoStore` if there is nothing."""

    def open(self, key: str) -> BinaryIO:
        """Return what is kept, to be read and closed. Raises `NoStore` if there is nothing."""

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin so, sorted."""

    def delete(self, key: str) -> None:
        """Destroy what is kept; nothing happens if there is nothing."""


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
            raise NoStore(f"{key} can't be read: {error}") from error

    def open(self, key: str) -> BinaryIO:
        """Return what is kept, to be read and closed."""
        try:
            return (self._folder / key).open("rb")
        except OSError as error:
            raise NoStore(f"{key} can't be read: {error}") from error

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin so, sorted."""
        found = (path.relative_to(self._folder).as_posix() for path in self._folder.glob("*/*.zip"))
        return sorted(key for key in found if key.startswith(prefix))

    def delete(self, key: str) -> None:
        """Destroy what is kept."""
        (self._folder / key).unlink(missing_ok=True)


def store() -> Store:
    """Return the store that `ARCHIVE_STORE` names. Raises `NoStore` if it names none."""
    if not settings.ARCHIVE_STORE:
        raise NoStore("No store for archives is set up: set ARCHIVE_STORE.")
    return FolderStore(Path(settings.ARCHIVE_STORE))
