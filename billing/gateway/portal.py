"""Stripe's customer portal: its configurations, and its sessions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from billing.gateway.client import Document, call_api, pages


def portal_configurations() -> Iterator[Document]:
    """Yield every configuration of the portal, newest first, those that are off, too."""
    return pages(lambda client, page: client.v1.billing_portal.configurations.list(page))


def create_portal_configuration(*, params: Mapping[str, Any]) -> Document:
    """Make a configuration of the portal."""
    given: Any = params
    return call_api(lambda client: client.v1.billing_portal.configurations.create(given))


def update_portal_configuration(configuration_id: str, *, params: Mapping[str, Any]) -> Document:
    """Change a configuration of the portal and return it."""
    given: Any = params
    return call_api(
        lambda client: client.v1.billing_portal.configurations.update(configuration_id, given)
    )


def create_portal_session(*, params: Mapping[str, Any], idempotency_key: str) -> Document:
    """Open a session of Stripe's customer portal."""
    given: Any = params
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.billing_portal.sessions.create(given, options))
