"""Stripe, as the rest of the system sees it: plain dicts, our own errors, an end to every call.

The only module that imports `stripe`. Nothing here touches the database.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import requests
import stripe
import structlog
from django.conf import settings

from billing import deadlines

log = structlog.get_logger(__name__)
# A try is given up after this silence; how long all tries may take, `patience` says.
SILENCE_SECONDS = 9.0
WORKER_RETRIES = 1
TOLERANCE_SECONDS = 300
Document = dict[str, Any]
# The version that the library speaks: events should be rendered in it, too.
API_VERSION = str(stripe.api_version)


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
    """Create a checkout session."""
    given: Any = params  # built in `checkout`, checked by Stripe
    options: Any = {"idempotency_key": idempotency_key}
    return call_api(lambda client: client.v1.checkout.sessions.create(given, options))


def checkout_session(session_id: str) -> Document | None:
    """Return a checkout session as it is now, or None if Stripe knows none of that id."""
    return _fetch(lambda client: client.v1.checkout.sessions.retrieve(session_id))


def close_checkout_session(session_id: str) -> Document | None:
    """End a checkout session that is open, and return it as it is then, or None if there is none.

    One that was completed or has expired already stays so.
    """
    try:
        return call_api(lambda client: client.v1.checkout.sessions.expire(session_id))
    except _Gone:
        return None
    except StripeRefused:
        return checkout_session(session_id)


def subscription(subscription_id: str) -> Document | None:
    """Return a subscription as it is now, or None if it is gone."""
    return _fetch(
        lambda client: client.v1.subscriptions.retrieve(
            subscription_id, {"expand": ["latest_invoice"]}
        )
    )


def invoice(invoice_id: str) -> Document | None:
    """Return an invoice as it is now, with its payments, or None if it is gone."""
    return _fetch(
        lambda client: client.v1.invoices.retrieve(
            invoice_id, {"expand": ["payments.data.payment.payment_intent"]}
        )
    )


def charge(charge_id: str) -> Document | None:
    """Return a charge as it is now, or None if it is gone."""
    return _fetch(lambda client: client.v1.charges.retrieve(charge_id))


def payment_intent(payment_intent_id: str) -> Document | None:
    """Return a payment intent as it is now, with its charge, or None if it is gone."""
    return _fetch(
        lambda client: client.v1.payment_intents.retrieve(
            payment_intent_id, {"expand": ["latest_charge"]}
        )
    )


def dispute_about(payment_intent_id: str) -> Document | None:
    """Return the newest dispute about a payment as it is now, or None."""
    params: Any = {"payment_intent": payment_intent_id, "limit": 1}
    return next(_pages(lambda client, page: client.v1.disputes.list(page | params)), None)


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


def cancel_subscription(subscription_id: str) -> bool:
    """End a subscription now, without proration; False if Stripe knows none that could be ended."""
    return _fetch(lambda client: client.v1.subscriptions.cancel(subscription_id)) is not None


def account() -> str:
    """Return the account that our key belongs to and the key's mode, as `acct_… (live)`."""
    found = call_api(lambda client: client.v1.accounts.retrieve_current())
    return f"{found['id']} ({'live' if settings.STRIPE.livemode else 'test'})"


def key_hint() -> str:
    """Return how to recognise our key without telling it: its kind and its last four letters."""
    key = settings.STRIPE.secret_key
    return f"{key[:8]}…{key[-4:]}"


def _pages(
    list_: Callable[[stripe.StripeClient, Any], stripe.ListObject[Any]],
) -> Iterator[Document]:
    page: dict[str, Any] = {"limit": 100}
    while True:
        found = call_api(lambda client: list_(client, page))  # noqa: B023 - asked at once
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
        return call_api(lambda client: client.v1.products.create(new))
    return call_api(lambda client: client.v1.products.update(product_id, changed))


def price_by_lookup_key(lookup_key: str) -> Document | None:
    """Return the active price that carries this lookup key, or None."""
    found = call_api(
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
    return call_api(lambda client: client.v1.prices.create(params))


def call_api(call: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Document:
    """Return Stripe's answer, or raise `StripeUnavailable` when there is none in time.

    One try while somebody waits, two in a worker; the library gives both the same key.
    """
    retries = 0 if deadlines.is_somebody_waiting() else WORKER_RETRIES
    client = _client_of(settings.STRIPE.secret_key, settings.STRIPE.api_base, retries)
    try:
        answer = _translated(
            lambda: deadlines.within(deadlines.seconds_left(), lambda: call(client))
        )
    except deadlines.DeadlineExceeded as late:
        log.warning("stripe unavailable", error="no answer in time")
        raise StripeUnavailable("There was no answer in time.") from late
    document: Document = answer.to_dict()
    return document


@lru_cache(maxsize=8)
def _client_of(key: str, base: str, retries: int) -> stripe.StripeClient:
    return stripe.StripeClient(
        key,
        base_addresses={"api": base},
        # One session for all threads: every call has a thread of its own, and should not have to
        # make a connection of its own.
        http_client=stripe.RequestsClient(timeout=SILENCE_SECONDS, session=requests.Session()),
        max_network_retries=retries,
    )


def _fetch(call: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Document | None:
    try:
        return call_api(call)
    except _Gone:
        return None


class _Gone(StripeRefused):
    """Stripe knows no such object (any more)."""


def _translated(call: Callable[[], stripe.StripeObject]) -> stripe.StripeObject:
    """Return what a call returns; what the library raises becomes an error of ours."""
    try:
        return call()
    except stripe.InvalidRequestError as error:
        # An address that nobody answers at is a 404, too, and says nothing of any object.
        if error.http_status == HTTPStatus.NOT_FOUND and error.code == "resource_missing":
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
