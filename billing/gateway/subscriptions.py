"""Customers, their subscriptions, and what is charged for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from billing.gateway.client import Document, call_api, fetch, pages

WHOLE: Any = {"expand": ["latest_invoice"]}  # what is mirrored of a subscription


def subscription(subscription_id: str) -> Document | None:
    """Return a subscription as it is now, or None if it is gone."""
    return fetch(lambda client: client.v1.subscriptions.retrieve(subscription_id, WHOLE))


def invoice(invoice_id: str) -> Document | None:
    """Return an invoice as it is now, with its payments, or None if it is gone."""
    return fetch(
        lambda client: client.v1.invoices.retrieve(
            invoice_id, {"expand": ["payments.data.payment.payment_intent"]}
        )
    )


def charge(charge_id: str) -> Document | None:
    """Return a charge as it is now, or None if it is gone."""
    return fetch(lambda client: client.v1.charges.retrieve(charge_id))


def payment_intent(payment_intent_id: str) -> Document | None:
    """Return a payment intent as it is now, with its charge, or None if it is gone."""
    return fetch(
        lambda client: client.v1.payment_intents.retrieve(
            payment_intent_id, {"expand": ["latest_charge"]}
        )
    )


def dispute_about(payment_intent_id: str) -> Document | None:
    """Return the newest dispute about a payment as it is now, or None."""
    params: Any = {"payment_intent": payment_intent_id, "limit": 1}
    return next(pages(lambda client, page: client.v1.disputes.list(page | params)), None)


def customer(customer_id: str) -> Document | None:
    """Return a customer as it is now, or None if it is gone: a deleted one leaves a stub."""
    found = fetch(lambda client: client.v1.customers.retrieve(customer_id))
    return None if found is None or found.get("deleted") else found


def subscriptions(*, customer_id: str = "") -> Iterator[Document]:
    """Yield every subscription, ended ones too, newest first; those of one customer if named."""
    params: Any = {"status": "all"} | ({"customer": customer_id} if customer_id else {})
    return pages(lambda client, page: client.v1.subscriptions.list(params | page))


def invoices(*, customer_id: str = "", since: int | None = None) -> Iterator[Document]:
    """Yield invoices, newest first: those of one customer, or made since a Unix time, if named."""
    params: Any = {"customer": customer_id} if customer_id else {}
    if since is not None:
        params["created"] = {"gte": since}
    return pages(lambda client, page: client.v1.invoices.list(params | page))


def customers() -> Iterator[Document]:
    """Yield every customer that has not been deleted, newest first."""
    return pages(lambda client, page: client.v1.customers.list(page))


def live_subscriptions(customer_id: str) -> list[Document]:
    """Return a customer's subscriptions that have not been cancelled."""
    params: Any = {"customer": customer_id}
    return [*pages(lambda client, page: client.v1.subscriptions.list(params | page))]


def current_subscription(subscription_id: str) -> Document:
    """Return a subscription as it is now; raise `StripeRefused` if it is gone."""
    return call_api(lambda client: client.v1.subscriptions.retrieve(subscription_id, WHOLE))


def update_subscription(
    subscription_id: str, *, change: Mapping[str, Any], idempotency_key: str
) -> Document:
    """Change a subscription and return it; a declined card changes nothing."""
    params: Any = {**change, **WHOLE}
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.subscriptions.update(subscription_id, params, options))


def resume_subscription(subscription_id: str, *, idempotency_key: str) -> Document:
    """Let a paused subscription run again from today, and return it."""
    params: Any = {"billing_cycle_anchor": "now", **WHOLE}
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.subscriptions.resume(subscription_id, params, options))


def preview_change(subscription_id: str, *, change: Mapping[str, Any]) -> Document:
    """Return the invoice that a change of a subscription would lead to."""
    params: Any = {"subscription": subscription_id, "subscription_details": change}
    return call_api(lambda client: client.v1.invoices.create_preview(params))


def create_portal_session(*, params: Mapping[str, Any], idempotency_key: str) -> Document:
    """Open a session of Stripe's customer portal."""
    given: Any = params
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.billing_portal.sessions.create(given, options))


def cancel_subscription(subscription_id: str) -> bool:
    """End a subscription now, without proration; False if Stripe knows none that could be ended."""
    return fetch(lambda client: client.v1.subscriptions.cancel(subscription_id)) is not None
