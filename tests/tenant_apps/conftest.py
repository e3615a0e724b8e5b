"""What the tests of tenant apps stand on."""

from __future__ import annotations

import pytest

from tests.core.web_stack import HttpClient, http_client, web_stack
from tests.tenant_api.populated_workspace import PopulatedWorkspace

__all__ = ["http_client", "web_stack"]


@pytest.fixture
def populated(http_client: HttpClient) -> PopulatedWorkspace:
    """A workspace of its own, with whoever and whatever the test asks for."""
    return PopulatedWorkspace(http_client)
