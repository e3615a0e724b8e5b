"""Checkout sessions: the pages that somebody pays on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from billing.gateway.client import Document, StripeRefused, call_api, pages


def create_checkout_session(*, params: Mapping[str, Any], idempotency_key: str) -> Document:
    """Create a checkout session."""
    given: Any = params  # checked by Stripe
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.checkout.sessions.create(given, options))


def checkout_session(session_id: str) -> Document:
    """Return a checkout session as it is now; raise `Gone` if Stripe shows none of that id."""
    return call_api(lambda client: client.v1.checkout.sessions.retrieve(session_id))


def close_checkout_session(session_id: str) -> Document:
    """End a checkout session that is open, and return it as it is then; raise `Gone` if there is none.

    One that was completed or has expired already stays so.
    """
    try:
        return call_api(lambda client: client.v1.checkout.sessions.expire(session_id))
    except StripeRefused:
        return checkout_session(session_id)


def session_of_subscription(subscription_id: str) -> Document | None:
    """Return the checkout session that a subscription was bought in, or None."""
    params: Any = {"subscription": subscription_id, "limit": 1}
    return next(pages(lambda client, page: client.v1.checkout.sessions.list(params | page)), None)


def open_checkout_sessions(customer_id: str) -> list[Document]:
    """Return the payment pages that a customer has open."""
    params: Any = {"customer": customer_id, "status": "open"}
    return [*pages(lambda client, page: client.v1.checkout.sessions.list(params | page))]


def checkout_sessions(*, since: int) -> Iterator[Document]:
    """Yield the payment pages that were made since a Unix time, newest first."""
    params: Any = {"created": {"gte": since}}
    return pages(lambda client, page: client.v1.checkout.sessions.list(params | page))


def expire_checkout_session(session_id: str) -> None:
    """End a payment page that is open; raise `StripeRefused` if it isn't."""
    call_api(lambda client: client.v1.checkout.sessions.expire(session_id))
