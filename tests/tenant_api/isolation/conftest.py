"""The fixtures of the web stack, and two workspaces that are like twins."""

from __future__ import annotations

import pytest

from tests.core.web_stack import HttpClient, WebStack, http_client, web_stack
from tests.tenant_api.isolation.two_tenants import TwoTenants, standing_neighbours, standing_twins
from tests.tenant_api.sample_workspace import SampleWorkspace

__all__ = ["http_client", "neighbours", "own_two_tenants", "two_tenants", "web_stack"]


@pytest.fixture
def two_tenants(web_stack: WebStack) -> TwoTenants:
    """Twins that tests share: no test may do anything to either of them."""
    return standing_twins(web_stack)


@pytest.fixture
def own_two_tenants(http_client: HttpClient) -> TwoTenants:
    """Twins of a test's own."""
    return TwoTenants.born(http_client)


@pytest.fixture
def neighbours(web_stack: WebStack) -> tuple[SampleWorkspace, SampleWorkspace]:
    """Two workspaces with nothing in them, for tests that write."""
    return standing_neighbours(web_stack)
