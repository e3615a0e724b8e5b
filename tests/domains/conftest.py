"""A name server of the test's own, which this process asks; and the web stack."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import override_settings

from tests.core.web_stack import http_client, web_stack
from tests.domains.name_server import NameServer

__all__ = ["http_client", "web_stack"]


@pytest.fixture
def zone() -> Iterator[NameServer]:
    """DNS, as far as this process can see."""
    server = NameServer()
    with server.serving(), override_settings(DNS_RESOLVERS=(server.address,)):
        yield server
