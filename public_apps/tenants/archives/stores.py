"""The store for archives that is set up: a folder or a bucket that every process reaches."""

from __future__ import annotations

import secrets
import tempfile
from pathlib import Path

from django.conf import settings

from public_apps.tenants.archives.folder_store import FolderStore
from public_apps.tenants.archives.store_types import NoStore, Store


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
