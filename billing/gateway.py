"""Stripe, as the rest of the system sees it: plain dicts, our own errors, a timeout on every call.

The only module that imports `stripe`. Nothing here touches the database.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import stripe
import structlog
from django.conf import settings

log = structlog.get_logger(__name__)
# A web request must answer within ten seconds whatever Stripe does; a worker may be patient.
WEB_SECONDS = 8.0
WORKER_SECONDS = 9.0
WORKER_RETRIES = 1
TOLERANCE_SECONDS = 300
Document = dict[str, Any]


class StripeUnavailable(Exception):
    """Stripe did not answer, or not in time, or asked to slow down: trying later may help."""


class StripeRefused(Exception):
    """Stripe understood and said no: trying the same again won't help."""


class CardRefused(StripeRefused):
    """The customer's card was declined; the message is Stripe's own, for people."""


class StripeBusy(StripeRefused):
    """The same request, or another on the same object, is still under way at Stripe."""


class KeyRefused(StripeRefused):
    """Stripe does not take our API key: nothing for customers to hear of."""


class BadSignature(Exception):
    """A webhook that nobody with our secret signed just now."""


def verify_signature(*, body: bytes, header: str) -> None:
    """Raise `BadSignature` unless one of our secrets signed this raw body within five minutes.

    Fails closed without a secret. The library takes old stamps only as stale; a stamp from the
    future would stay valid for as long as its signer likes, so it is bounded here.
    """
    # The library compares as text and breaks on anything but ASCII, which a signature never holds.
    secrets = settings.STRIPE.webhook_secrets if header.isascii() else ()
    for secret in secrets:
        try:
            stripe.WebhookSignature.verify_header(body, header, secret, TOLERANCE_SECONDS)
        except (stripe.SignatureVerificationError, UnicodeDecodeError):
            continue
        if _stamp(header) > time.time() + TOLERANCE_SECONDS:
            break
        return
    raise BadSignature("The Stripe-Signature header does not match this body.")


def _stamp(header: str) -> int:
    return int(next(part[2:] for part in header.split(",") if part.startswith("t=")))


def create_checkout_session(*, params: Mapping[str, Any], idempotency_key: str) -> Document:
    """Create a checkout session while a buyer waits: one try, within `WEB_SECONDS`."""
    client = _client(WEB_SECONDS, 0)
    return _call(lambda: client.v1.checkout.sessions.create(
        params=params,  # type: ignore[arg-type]  # built in `checkout`, checked by Stripe
        options={"idempotency_key": idempotency_key},
    ))  # fmt: skip


def checkout_session(session_id: str) -> Document | None:
    """Return a checkout session as it is now, or None if Stripe knows none of that id."""
    return _fetch(lambda client: client.v1.checkout.sessions.retrieve(session_id))


def subscription(subscription_id: str) -> Document | None:
    """Return a subscription as it is now, or None if it is gone."""
    return _fetch(
        lambda client: client.v1.subscriptions.retrieve(
            subscription_id, {"expand": ["latest_invoice"]}
        )
    )


def invoice(invoice_id: str) -> Document | None:
    """Return an invoice as it is now, or None if it is gone."""
    return _fetch(lambda client: client.v1.invoices.retrieve(invoice_id))


def charge(charge_id: str) -> Document | None:
    """Return a charge as it is now, or None if it is gone."""
    return _fetch(lambda client: client.v1.charges.retrieve(charge_id))


def payment_intent(payment_intent_id: str) -> Document | None:
    """Return a payment intent as it is now, or None if it is gone."""
    return _fetch(lambda client: client.v1.payment_intents.retrieve(payment_intent_id))


def customer(customer_id: str) -> Document | None:
    """Return a customer as it is now, or None if it is gone: a deleted one leaves a stub."""
    found = _fetch(lambda client: client.v1.customers.retrieve(customer_id))
    return None if found is None or found.get("deleted") else found


def session_of_subscription(subscription_id: str) -> Document | None:
    """Return the checkout session that a subscription was bought in, or None."""
    params: Any = {"subscription": subscription_id, "limit": 1}
    return next(_pages(lambda client, page: client.v1.checkout.sessions.list(params | page)), None)


def subscriptions(*, customer_id: str = "") -> Iterator[Document]:
    """Yield every subscription, ended ones too, newest first; those of one customer if named."""
    params: Any = {"status": "all"} | ({"customer": customer_id} if customer_id else {})
    return _pages(lambda client, page: client.v1.subscriptions.list(params | page))


def invoices(*, customer_id: str = "", since: int | None = None) -> Iterator[Document]:
    """Yield invoices, newest first: those of one customer, or made since a Unix time, if named."""
    params: Any = {"customer": customer_id} if customer_id else {}
    if since is not None:
        params["created"] = {"gte": since}
    return _pages(lambda client, page: client.v1.invoices.list(params | page))


def customers() -> Iterator[Document]:
    """Yield every customer that has not been deleted, newest first."""
    return _pages(lambda client, page: client.v1.customers.list(page))


def undelivered_events(*, since: int) -> Iterator[Document]:
    """Yield events since a Unix time that no delivery brought to us; Stripe keeps 30 days."""
    params: Any = {"delivery_success": False, "created": {"gte": since}}
    return _pages(lambda client, page: client.v1.events.list(params | page))


def cancel_subscription(subscription_id: str) -> None:
    """End a subscription now, without proration; one that has ended or is gone stays so."""
    _fetch(lambda client: client.v1.subscriptions.cancel(subscription_id))


def _pages(
    ask: Callable[[stripe.StripeClient, Any], stripe.ListObject[Any]],
) -> Iterator[Document]:
    page: dict[str, Any] = {"limit": 100}
    while True:
        found = _patient(lambda client: ask(client, page))  # noqa: B023 - asked at once
        yield from found["data"]
        if not found["has_more"]:
            return
        page = {"limit": 100, "starting_after": found["data"][-1]["id"]}


def ensure_product(*, plan_code: str, name: str, description: str) -> Document:
    """Return the product of a plan, created or brought up to date; its id follows from the code."""
    product_id = f"plan_{plan_code}"
    fields: dict[str, Any] = {"name": name, "metadata": {"plan": plan_code}}
    if description:
        fields["description"] = description
    new: Any = {"id": product_id, **fields}
    changed: Any = fields
    if _fetch(lambda client: client.v1.products.retrieve(product_id)) is None:
        return _patient(lambda client: client.v1.products.create(new))
    return _patient(lambda client: client.v1.products.update(product_id, changed))


def price_by_lookup_key(lookup_key: str) -> Document | None:
    """Return the active price that carries this lookup key, or None."""
    found = _patient(
        lambda client: client.v1.prices.list(
            {"lookup_keys": [lookup_key], "active": True, "limit": 1}
        )
    )
    prices: list[Document] = found["data"]
    return prices[0] if prices else None


def create_price(
    *, product_id: str, lookup_key: str, unit_amount: int, currency: str, interval: str
) -> Document:
    """Create a recurring price that takes over its lookup key; amounts in minor units."""
    params: Any = {
        "product": product_id,
        "lookup_key": lookup_key,
        "transfer_lookup_key": True,
        "unit_amount": unit_amount,
        "currency": currency,
        "recurring": {"interval": interval},
    }
    return _patient(lambda client: client.v1.prices.create(params))


class Deadline:
    """How long the calls to Stripe of one web request may take together."""

    def __init__(self, seconds: float = WEB_SECONDS) -> None:
        self._ends = time.monotonic() + seconds

    @property
    def seconds_left(self) -> float:
        """Return what is left, in half seconds, so that few clients serve every request."""
        return max(0.5, math.floor(2 * (self._ends - time.monotonic())) / 2)


def in_time(
    ask: Callable[[stripe.StripeClient], stripe.StripeObject], *, deadline: Deadline
) -> Document:
    """Return Stripe's answer to one try, or raise `StripeUnavailable` before the deadline."""
    client = _client(deadline.seconds_left, 0)
    return _call(lambda: ask(client))


def _client(seconds: float, retries: int) -> stripe.StripeClient:
    return _client_of(settings.STRIPE.secret_key, settings.STRIPE.api_base, seconds, retries)


@lru_cache(maxsize=32)
def _client_of(key: str, base: str, seconds: float, retries: int) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        http_client=stripe.RequestsClient(timeout=seconds),
        max_network_retries=retries,
    )


def _patient(ask: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Document:
    client = _client(WORKER_SECONDS, WORKER_RETRIES)
    return _call(lambda: ask(client))


def _fetch(ask: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Document | None:
    try:
        return _patient(ask)
    except _Gone:
        return None


class _Gone(StripeRefused):
    """Stripe knows no such object (any more)."""


def _call(ask: Callable[[], stripe.StripeObject]) -> Document:
    try:
        answer = ask()
    except stripe.InvalidRequestError as error:
        if error.http_status == HTTPStatus.NOT_FOUND:
            raise _Gone(str(error)) from error
        raise StripeRefused(error.user_message or str(error)) from error
    except stripe.CardError as error:
        raise CardRefused(error.user_message or str(error)) from error
    except (stripe.AuthenticationError, stripe.PermissionError) as error:
        raise KeyRefused(str(error)) from error
    except stripe.IdempotencyError as error:
        raise StripeBusy(str(error)) from error
    except stripe.StripeError as error:  # connection, timeout, 409, 429, 5xx
        if error.http_status == HTTPStatus.CONFLICT:
            raise StripeBusy(str(error)) from error
        log.warning("stripe unavailable", error=type(error).__name__, status=error.http_status)
        raise StripeUnavailable(f"{type(error).__name__}: {error}") from error
    document: Document = answer.to_dict()
    return document
