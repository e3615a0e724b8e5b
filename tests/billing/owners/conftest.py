"""An owner at their own workspace's door."""

from tests.billing.owners.owner import owner
from tests.billing.stripe_stack import stripe_stack
from tests.core.web_stack import http_client, web_stack

__all__ = ["http_client", "owner", "stripe_stack", "web_stack"]
