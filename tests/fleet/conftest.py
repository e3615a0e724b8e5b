"""The fixtures that these tests share with their neighbours."""

from tests.core.web_stack import http_client, web_stack
from tests.fleet.orchards import database, fleet, original

__all__ = ["database", "fleet", "http_client", "original", "web_stack"]
