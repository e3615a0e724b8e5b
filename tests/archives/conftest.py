"""The ground, and one workspace with something of each kind in it."""

from __future__ import annotations

from pathlib import Path

import pytest
from pytest_django import Settings

from devstack import pgbinaries
from public_apps.tenants.archives import writer
from tests.archives.furnished import furnish
from tests.core.web_stack import WebStack, Workspace, create_workspace, http_client, web_stack

__all__ = ["http_client", "web_stack"]
_FURNISHED = pytest.StashKey[Workspace]()
_ARCHIVE = pytest.StashKey[bytes]()


@pytest.fixture(autouse=True)
def pg_dump(settings: Settings) -> None:
    """The wheel's own, in this process too."""
    settings.PG_DUMP = pgbinaries.pg_dump()


@pytest.fixture
def furnished(request: pytest.FixtureRequest, web_stack: WebStack) -> Workspace:
    """A workspace with people, a building and files; no test may change it for good."""
    stash = request.config.stash
    if _FURNISHED not in stash:
        workspace = create_workspace()
        furnish(workspace)
        stash[_FURNISHED] = workspace
    return stash[_FURNISHED]


@pytest.fixture
def archive(request: pytest.FixtureRequest, furnished: Workspace, tmp_path: Path) -> Path:
    """An archive of it, which the test may spoil."""
    path, stash = tmp_path / "archive.zip", request.config.stash
    if _ARCHIVE not in stash:
        writer.export(furnished.tenant, to=path)
        stash[_ARCHIVE] = path.read_bytes()
    path.write_bytes(stash[_ARCHIVE])
    return path
