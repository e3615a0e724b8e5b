"""What every request gets: an id, one log line, and errors in the client's own format."""

from __future__ import annotations

import re
import time
import uuid
from collections.abc import Callable
from http import HTTPStatus

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from public_apps.core import credential_paths, error_responses, logs, signals
from public_apps.core.errors import TooManyRequests, problem

log = structlog.get_logger(__name__)
Handler = Callable[[HttpRequest], HttpResponseBase]
REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
LONGEST_PATH = 500  # of what a line shows
QUIET = frozenset({"/healthz", "/metrics", "/readyz"})


class RequestLog:
    """Binds a request id to every log line of a request; logs and tells how it ended."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        credential_paths.keep_out_of_logs()

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        began = time.perf_counter()
        structlog.contextvars.clear_contextvars()  # views bind what they learn, for this line too
        with structlog.contextvars.bound_contextvars(request_id=request_id), logs.about(request):
            response = self.get_response(request)
            if request.path not in QUIET:
                seconds = time.perf_counter() - began
                _log(request, response, seconds)
                signals.request_answered.send(
                    RequestLog, request=request, response=response, seconds=seconds
                )
        response["X-Request-ID"] = request_id
        return response


def _log(request: HttpRequest, response: HttpResponseBase, seconds: float) -> None:
    log.info(
        "request",
        method=request.method,
        path=_path(request.path),
        status=response.status_code,
        tenant=getattr(getattr(request, "tenant", None), "schema_name", None),
        ms=round(seconds * 1000, 1),
    )


def _path(path: str) -> str:
    """Return a path as it is logged: what looks through it for secrets takes time with each letter."""
    if len(path) <= LONGEST_PATH:
        return path
    # Up to a slash: half a secret is no longer known for one.
    return f"{path[:LONGEST_PATH].rpartition('/')[0]}/…"


class ProblemJson:
    """Turns any error page that a program would get into problem+json, Django's own included."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if response.status_code < HTTPStatus.BAD_REQUEST:
            return response
        if response.status_code == HTTPStatus.TOO_MANY_REQUESTS and "Retry-After" not in response:
            return _of_allauth(request, response)
        is_page = response.get("Content-Type", "").startswith("text/html")
        if not is_page or not error_responses.is_program(request):
            return response
        detail = str(DETAILS.get(response.status_code, ""))
        answer = error_responses.in_format_of(request, problem(response.status_code, detail))
        if "Allow" in response:
            answer["Allow"] = response["Allow"]
        return answer


def _of_allauth(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Say when to try again where one of allauth's own limits, all by the minute, was met."""
    refusal = TooManyRequests(wait=ALLAUTH_WAIT)
    if error_responses.is_program(request):
        return error_responses.answer(request, refusal)
    return error_responses.with_headers(response, refusal)


ALLAUTH_WAIT = 59
DETAILS: dict[int, Promise] = {
    HTTPStatus.NOT_FOUND: _("There is nothing at this address."),
    HTTPStatus.METHOD_NOT_ALLOWED: _("This address does not take that method."),
    HTTPStatus.INTERNAL_SERVER_ERROR: _("Something broke on our side; it has been recorded."),
}
