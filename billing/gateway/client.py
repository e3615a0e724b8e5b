"""One call to Stripe: plain dicts, our own errors, an end to every call."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import lru_cache
from http import HTTPStatus
from typing import Any

import requests
import stripe
import structlog
from django.conf import settings

from billing import deadlines

log = structlog.get_logger(__name__)
# A try is given up after this silence; how long all tries may take, `deadlines` says.
SILENCE_SECONDS = 9.0
WORKER_RETRIES = 1
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


class Gone(StripeRefused):
    """Stripe knows no such object (any more)."""


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


def fetch(call: Callable[[stripe.StripeClient], stripe.StripeObject]) -> Document | None:
    """Return Stripe's answer, or None if it knows no such object (any more)."""
    try:
        return call_api(call)
    except Gone:
        return None


def pages(
    list_: Callable[[stripe.StripeClient, Any], stripe.ListObject[Any]],
) -> Iterator[Document]:
    """Yield every object of a list, page by page."""
    page: dict[str, Any] = {"limit": 100}
    while True:
        found = call_api(lambda client: list_(client, page))  # noqa: B023 - asked at once
        yield from found["data"]
        if not found["has_more"]:
            return
        page = {"limit": 100, "starting_after": found["data"][-1]["id"]}


def _translated(call: Callable[[], stripe.StripeObject]) -> stripe.StripeObject:
    """Return what a call returns; what the library raises becomes an error of ours."""
    try:
        return call()
    except stripe.InvalidRequestError as error:
        # An address that nobody answers at is a 404, too, and says nothing of any object.
        if error.http_status == HTTPStatus.NOT_FOUND and error.code == "resource_missing":
            raise Gone(str(error)) from error
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
