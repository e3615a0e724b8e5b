"""What a request gets when the database is away, or not in time: 503 and when to try again.

Whatever in a request met that, a view or a middleware, Django has made an error page of it, or with
DEBUG its technical one; here, outside of them all, the answer is told in the client's own format.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.core.signals import got_request_exception
from django.dispatch import receiver
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils import translation

from public_apps.core import database_waits, error_responses
from public_apps.core.errors import Unavailable


class DatabaseAway:
    """Bounds what a request waits for the database, and says so where that failed."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        with database_waits.request():
            response = self.get_response(request)
            is_broken = response.status_code == HTTPStatus.INTERNAL_SERVER_ERROR
            if is_broken and database_waits.has_failed():
                return _told(request, response)
        return response


def _told(request: HttpRequest, broken: HttpResponseBase) -> HttpResponseBase:
    # Nobody may have found out yet which language is asked for.
    with translation.override(translation.get_language_from_request(request)):
        answer = error_responses.answer(request, Unavailable())
    for name, value in broken.headers.items():
        # What the middlewares have said holds: a page of another origin may read the answer.
        if not name.lower().startswith("content-"):
            answer.headers.setdefault(name, value)
    return answer


@receiver(got_request_exception)
def note(**_sent: Any) -> None:
    """Remember why a request broke: the signal is sent while the error is handled."""
    database_waits.note_failure(sys.exception())
