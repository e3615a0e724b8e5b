"""The ground, a project that uses the client, and the Next.js site with all behind it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.clients import npm
from tests.clients.npm import Project
from tests.clients.site import Site, Visit, previewing, serving, watched
from tests.core.web_stack import http_client, web_stack

__all__ = ["http_client", "web_stack"]


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """A project with the packed client in it."""
    return npm.install(tmp_path_factory.mktemp("npm"))


@pytest.fixture(scope="session")
def stories(project: Project) -> Project:
    """The project with its stories compiled: for Node alone, without any browser's types."""
    project.compile("tsconfig.json")
    return project


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """The Next.js site and all behind it."""
    with serving(tmp_path_factory.mktemp("site")) as stack:
        yield Site(stack)


@pytest.fixture(scope="session")
def preview(site: Site) -> Iterator[str]:
    """A preview deployment of the same site; its address."""
    with previewing(site) as address:
        yield address


@pytest.fixture
def visit(browser: Browser, site: Site) -> Iterator[Visit]:
    """Opens a page of a new visitor; what the browser complains of fails the test."""
    with watched(browser, site) as visit:
        yield visit
