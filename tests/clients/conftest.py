"""The ground, for tests that only need a workspace to ask, and a project that uses the client."""

from __future__ import annotations

import pytest

from tests.clients import npm
from tests.clients.npm import Project
from tests.core.ground import door, ground

__all__ = ["door", "ground"]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the packed client in it."""
    return npm.install(tmp_path_factory.mktemp("npm"))


@pytest.fixture(scope="session")
def stories(project: Project) -> Project:
    """The project with its stories compiled: for Node alone, without any browser's types."""
    project.compile("tsconfig.json")
    return project
