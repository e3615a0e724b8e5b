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
    """Stripe understood and said no: trying the same again won't help.

    The message is Stripe's own, in English: for logs and staff. `code` is for programs; of a card
    that was declined, it is the bank's reason.
    """

    def __init__(self, message: str, *, code: str = "") -> None:
        super().__init__(message)
        self.code = code


class CardRefused(StripeRefused):
    """The customer's card was declined."""


class StripeBusy(StripeRefused):
    """The same request, or another on the same object, is still under way at Stripe."""


class KeyInUse(StripeBusy):
    """This very request is still under way at Stripe, by whoever asked first."""


class TaxIdRefused(StripeRefused):
    """Stripe does not take a tax number: it has not the form that its country gives it."""


class RateLimited(StripeUnavailable):
    """Stripe asks our key to slow down: nothing is wrong with what was asked."""


class KeyRefused(StripeRefused):
    """Stripe does not take our API key for this: nothing for customers to hear of."""


class KeyRestricted(KeyRefused):
    """Our API key lacks a right: it is a restricted one, and staff have to widen it at Stripe."""


class KeyInvalid(KeyRefused):
    """Stripe takes our API key for nothing at all: it is wrong, expired or revoked."""


class Gone(StripeRefused):
    """Stripe shows our key no such object: it is gone, or was never this account's.

    Which of the two, `billing.stripe_account.found` finds out, and nobody else catches this.
    """


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
        refusal = TaxIdRefused if error.code == "tax_id_invalid" else StripeRefused
        raise refusal(_said(error), code=str(error.code or "")) from error
    except stripe.CardError as error:
        raise CardRefused(_said(error), code=_reason_of(error)) from error
    except tuple(_MEANINGS) as error:
        raise _MEANINGS[type(error)](_said(error)) from error
    except stripe.StripeError as error:  # connection, timeout, 409, 5xx
        if error.http_status == HTTPStatus.CONFLICT:
            # Its own `code` is of refused objects and cards alone.
            code = error.error.code if error.error else ""
            busy = KeyInUse if code == "idempotency_key_in_use" else StripeBusy
            raise busy(str(error)) from error
        log.warning("stripe unavailable", error=type(error).__name__, status=error.http_status)
        raise StripeUnavailable(f"{type(error).__name__}: {error}") from error


_MEANINGS: dict[type[stripe.StripeError], type[StripeRefused | StripeUnavailable]] = {
    stripe.AuthenticationError: KeyInvalid,
    stripe.PermissionError: KeyRestricted,
    stripe.RateLimitError: RateLimited,
    stripe.IdempotencyError: StripeBusy,
}


def _said(error: stripe.StripeError) -> str:
    """Return Stripe's own words, without the request's id: the same trouble reads the same."""
    return error.user_message or str(error)


def _reason_of(error: stripe.CardError) -> str:
    """Return the bank's reason where there is one, else Stripe's."""
    said: Any = error.json_body
    details = (said or {}).get("error") or {}
    return str(details.get("decline_code") or error.code or "")
