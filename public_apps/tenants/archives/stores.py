"""Where archives are kept: a folder or a bucket that every process reaches, behind six verbs."""

from __future__ import annotations

import secrets
import shutil
import tempfile
import time
from datetime import timedelta
from pathlib import Path
from typing import BinaryIO, Protocol

from django.conf import settings


class NoStore(Exception):
    """There is no store for archives, or it is out of reach; the message says why."""


class NotKept(NoStore):
    """The store is there, and nothing is kept in it under this key."""


class Store(Protocol):
    """Keeps files under keys such as `tenant-7/x.zip`; each is there whole, or not at all."""

    def put(self, key: str, path: Path) -> None:
        """Keep a copy of a file; one of this key is replaced."""

    def fetch(self, key: str, to: Path) -> None:
        """Write what is kept to a file. Raises `NotKept` if there is nothing."""

    def open(self, key: str) -> BinaryIO:
        """Return what is kept, to be read and closed. Raises `NotKept` if there is nothing."""

    def keys(self, prefix: str = "") -> list[str]:
        """Return the keys that begin so, sorted."""

    def delete(self, key: str) -> None:
        """Destroy what is kept; nothing happens if there is nothing."""

    def tidy(self, prefix: str = "", *, older_than: timedelta) -> None:
        """Destroy what a kill has left half-written so long ago."""


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


def store() -> Store:
    """Return the store that `ARCHIVE_STORE` names. Raises `NoStore` if it names none."""
    named: str = settings.ARCHIVE_STORE
    if not named:
        raise NoStore("No store for archives is set up: set ARCHIVE_STORE.")
    if named.startswith("s3://"):
        from public_apps.tenants.archives.bucket_store import BucketStore

        return BucketStore(named)
    return FolderStore(Path(named))


def prove(kept: Store) -> None:
    """Have a store take something, give it back and forget it. Raises `NoStore` if it can't."""
    key, said = f"proof/{secrets.token_hex(8)}.zip", secrets.token_bytes(64)
    with tempfile.TemporaryDirectory(prefix="proof-") as folder:
        sent, back = Path(folder) / "sent", Path(folder) / "back"
        sent.write_bytes(said)
        kept.put(key, sent)
        kept.fetch(key, back)
        kept.delete(key)
        if back.read_bytes() != said:
            raise NoStore(
                f"ARCHIVE_STORE {settings.ARCHIVE_STORE} gives back what it was not given."
            )


def _unread(key: str, error: OSError) -> NoStore:
    kind = NotKept if isinstance(error, FileNotFoundError) else NoStore
    return kind(f"{key} can't be read: {error}")
