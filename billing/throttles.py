"""Limits where a stranger can knock."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from public_apps.core.errors import Problem, TooManyRequests
from public_apps.core.rest.limits import Limit


class CheckoutLimit(Limit):
    """Starting a purchase; what was refused is no purchase."""

    scope = "checkout"


class OrderLimit(Limit):
    """Sending an order, whatever becomes of it."""

    scope = "order"


class SubdomainLimit(Limit):
    """Asking for names, as somebody types."""

    scope = "subdomain"


def one_order(request: Any) -> None:
    """Count an order. Raises `errors.TooManyRequests` if it is one too many."""
    _count(OrderLimit(), request)


@contextmanager
def one_purchase(request: Any) -> Iterator[None]:
    """Count what is begun inside as a purchase, unless the form is refused.

    Raises `errors.TooManyRequests` before it is begun if it is one too many.
    """
    limit = CheckoutLimit()
    _count(limit, request)
    try:
        yield
    except Problem as refusal:
        if refusal.status < HTTPStatus.INTERNAL_SERVER_ERROR:
            limit.refund()
        raise


def _count(limit: Limit, request: Any) -> None:
    if not limit.allow_request(request, None):
        raise TooManyRequests(wait=limit.wait())
