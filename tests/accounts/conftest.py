"""The fixtures that these tests share with their neighbours."""

from tests.core.web_stack import http_client, web_stack
from tests.tenant_api.conftest import own_populated, populated

__all__ = ["http_client", "own_populated", "populated", "web_stack"]
