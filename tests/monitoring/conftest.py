"""The fixtures that these tests share with their neighbours."""

from tests.core.web_stack import http_client, web_stack

__all__ = ["http_client", "web_stack"]
