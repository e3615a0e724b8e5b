"""The fixtures that these tests share with their neighbours."""

from __future__ import annotations

import pytest

from tests.core.web_stack import HttpClient, http_client, web_stack
from tests.tenant_api.populated_workspace import PopulatedWorkspace

__all__ = ["http_client", "web_stack"]


@pytest.fixture
def populated(http_client: HttpClient) -> PopulatedWorkspace:
    """People of every role and a building of their own, in a workspace that tests share."""
    return PopulatedWorkspace(http_client)
