"""The account that sells: whom our key belongs to, where webhooks go, and what was not delivered."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import stripe
from django.conf import settings

from billing.gateway.client import API_VERSION, Document, call_api, pages


def account() -> str:
    """Return the account that our key belongs to and the key's mode, as `acct_… (live)`."""
    found = call_api(lambda client: client.v1.accounts.retrieve_current())
    return f"{found['id']} ({'live' if settings.STRIPE.livemode else 'test'})"


def key_hint() -> str:
    """Return how to recognise our key without telling it: its kind and its last four letters."""
    key = settings.STRIPE.secret_key
    return f"{key[:8]}…{key[-4:]}"


def account_and_clock() -> tuple[Document, str | None]:
    """Return the account of our key as Stripe shows it, and the `Date` that Stripe answered with."""
    answers: list[stripe.Account] = []

    def call(client: stripe.StripeClient) -> stripe.Account:
        answers.append(client.v1.accounts.retrieve_current())
        return answers[-1]

    document = call_api(call)
    answer: Any = answers[-1].last_response
    return document, answer.headers.get("Date")


def webhook_endpoints() -> Iterator[Document]:
    """Yield every webhook endpoint, newest first."""
    return pages(lambda client, page: client.v1.webhook_endpoints.list(page))


def create_webhook_endpoint(*, url: str, enabled_events: list[str], description: str) -> Document:
    """Create an endpoint that speaks our API version; its secret is in this answer alone."""
    params: Any = {
        "url": url,
        "enabled_events": enabled_events,
        "api_version": API_VERSION,
        "description": description,
    }
    return call_api(lambda client: client.v1.webhook_endpoints.create(params))


def enable_webhook_endpoint(endpoint_id: str, *, enabled_events: list[str]) -> Document:
    """Have an endpoint get these events, and none but them."""
    params: Any = {"enabled_events": enabled_events, "disabled": False}
    return call_api(lambda client: client.v1.webhook_endpoints.update(endpoint_id, params))


def undelivered_events(*, since: int) -> Iterator[Document]:
    """Yield events since a Unix time that no delivery brought to us; Stripe keeps 30 days."""
    params: Any = {"delivery_success": False, "created": {"gte": since}}
    return pages(lambda client, page: client.v1.events.list(params | page))


def events(
    *, since: int, types: Sequence[str] = (), delivered: bool | None = None
) -> Iterator[Document]:
    """Yield events since a Unix time, newest first; Stripe keeps 30 days.

    All of them, or those of some types (twenty at most), or that came through to all endpoints.
    """
    params: Any = {"created": {"gte": since}}
    if types:
        params["types"] = list(types)
    if delivered is not None:
        params["delivery_success"] = delivered
    return pages(lambda client, page: client.v1.events.list(params | page))
