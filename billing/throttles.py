"""Limits where a stranger can knock."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from http import HTTPStatus
from typing import Any

from rest_framework.views import APIView

from public_apps.core.errors import Problem, TooManyRequests
from public_apps.core.rest.throttling import Limit


class CheckoutLimit(Limit):
    """Starting a purchase; what was refused is no purchase."""

    scope = "checkout"


class OrderLimit(Limit):
    """Sending an order, whatever becomes of it."""

    scope = "order"


class WelcomeMailLimit(Limit):
    """Asking for welcome mails, whoever they go to."""

    scope = "welcome_mail"


class WelcomeMailsOfSession(Limit):
    """Asking for the welcome mail of one purchase, from wherever."""

    scope = "welcome_mails_of_session"
    is_told = False  # it counts what others have asked, too

    def get_cache_key(self, request: Any, view: APIView | None) -> str:
        """Return the name that the count goes by: the session's, whoever asks."""
        session_id = request.parser_context["kwargs"]["session_id"]
        return f"throttle_{self.scope}_{hashlib.sha256(session_id.encode()).hexdigest()}"


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
