"""A folder for archives that we may not use: each verb says so, and none takes it for an empty one."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_django import Settings

from public_apps.tenants.archives import stores
from public_apps.tenants.archives.folder_store import FolderStore
from public_apps.tenants.archives.store_types import NoStore

NOBODY = 65_534
KEY = "tenant-7/20261201.zip"


@pytest.fixture
def anothers(tmp_path: Path) -> Iterator[Path]:
    """A folder with an archive in it, both another user's."""
    folder, given = tmp_path / "archives", tmp_path / "given.zip"
    given.write_bytes(b"PK")
    FolderStore(folder).put(KEY, given)
    was_root = os.geteuid() == 0
    folder.chmod(0o700 if was_root else 0)
    if was_root:
        os.seteuid(NOBODY)
    yield folder
    if was_root:
        os.seteuid(0)
    folder.chmod(0o700)


def test_each_verb_says_that_a_folder_of_anothers_is_out_of_reach(
    anothers: Path, settings: Settings
) -> None:
    store, given = FolderStore(anothers), anothers.with_name("given.zip")
    settings.ARCHIVE_STORE = str(anothers)
    for verb in (
        lambda: store.put("tenant-8/x.zip", given),
        lambda: store.fetch(KEY, anothers.with_name("back.zip")),
        lambda: store.open(KEY),
        store.keys,
        lambda: store.delete(KEY),
        lambda: store.tidy(older_than=timedelta(0)),
        lambda: stores.prove(store),
    ):
        with pytest.raises(NoStore, match=str(anothers) + "|tenant-7"):
            verb()


def test_a_file_where_the_folder_should_be_is_told(tmp_path: Path) -> None:
    file = tmp_path / "archives"
    file.write_bytes(b"")
    for verb in (lambda: FolderStore(file).put(KEY, file), FolderStore(file).keys):
        with pytest.raises(NoStore, match="archives"):
            verb()


def test_a_folder_that_is_not_there_yet_is_empty(tmp_path: Path) -> None:
    assert FolderStore(tmp_path / "archives").keys() == []
    FolderStore(tmp_path / "archives").delete(KEY)
