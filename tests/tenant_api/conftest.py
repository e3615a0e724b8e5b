"""The fixtures that these tests share with their neighbours, and a town of their own."""

from __future__ import annotations

import pytest

from tests.core.web_stack import HttpClient, create_workspace, http_client, web_stack
from tests.tenant_api.populated_workspace import PopulatedWorkspace

__all__ = ["http_client", "populated", "web_stack"]


@pytest.fixture
def populated(http_client: HttpClient) -> PopulatedWorkspace:
    """People of every role and a building of their own, in a workspace that tests share."""
    return PopulatedWorkspace(http_client)


@pytest.fixture
def own_populated(http_client: HttpClient) -> PopulatedWorkspace:
    """A workspace of its own: what happens to its people is no other test's business."""
    return PopulatedWorkspace(http_client, create_workspace())
