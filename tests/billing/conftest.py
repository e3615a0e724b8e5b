"""The fixtures that these tests share with their neighbours."""

from tests.billing.stripe_stack import own_stripe_stack, stripe_stack
from tests.core.web_stack import http_client, web_stack

__all__ = ["http_client", "own_stripe_stack", "stripe_stack", "web_stack"]
