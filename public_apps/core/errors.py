"""Errors as RFC 9457 problem details: raised as types anywhere, translated here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.core import exceptions as django_exceptions
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop
from django.views.csrf import csrf_failure as django_csrf_failure
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.response import Response
from rest_framework.views import set_rollback

PROBLEM_JSON = "application/problem+json"
TYPE_BASE = "https://newconcierge.gr/problems/"


class Problem(Exception):
    """A decided refusal: subclasses fix status, slug and title; the detail says what to do."""

    status = HTTPStatus.BAD_REQUEST
    slug = "bad-request"
    title = "The request could not be taken"
    headers: Mapping[str, str] = {}

    def __init__(self, detail: str, *, errors: Mapping[str, Sequence[str]] | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.errors = {name: list(messages) for name, messages in (errors or {}).items()}

    def body(self) -> dict[str, Any]:
        """Return the problem document."""
        return problem(
            self.status, self.detail, slug=self.slug, title=self.title, errors=self.errors
        )


class Invalid(Problem):
    """One or more fields cannot be taken; `errors` names them."""

    slug = "invalid-input"
    title = "Some fields need another look"


class Conflict(Problem):
    """The request collides with something that exists."""

    status = HTTPStatus.CONFLICT
    slug = "conflict"
    title = "This collides with something that exists"


class KeyReused(Problem):
    """An Idempotency-Key came back with another body."""

    status = HTTPStatus.UNPROCESSABLE_ENTITY
    slug = "idempotency-key-reused"
    title = "This Idempotency-Key belongs to another request"


class StaleVersion(Problem):
    """Somebody else has changed the row since the client read it."""

    status = HTTPStatus.PRECONDITION_FAILED
    slug = "changed-meanwhile"
    title = "Somebody has changed this meanwhile"

    def __init__(self) -> None:
        super().__init__(_("Somebody has changed this meanwhile. Read it again, then decide."))


class Refused(Problem):
    """The request is well-formed, and may not be done as things stand."""

    status = HTTPStatus.CONFLICT
    slug = "not-now"
    title = "This can't be done as things stand"


class Forbidden(Problem):
    """Whoever asks may not do this, though others may."""

    status = HTTPStatus.FORBIDDEN
    slug = "not-allowed"
    title = "You may not do this"


class Gone(Problem):
    """A link is spent, over, or never was one; which, is nobody's business."""

    status = HTTPStatus.GONE
    slug = "gone"
    title = "This no longer works"


class TooManyRequests(Problem):
    """Somebody asks too often; `Retry-After` says when it is worth while again."""

    status = HTTPStatus.TOO_MANY_REQUESTS
    slug = "too-many-requests"
    title = gettext_noop("Too many tries")

    def __init__(self, *, wait: float | None = None) -> None:
        super().__init__(_("Too many tries. Please wait a little."))
        self.headers = {"Retry-After": str(int(wait or 0) + 1)}


class UpstreamFailed(Problem):
    """A service that we depend on did not answer as it should; trying again later may help."""

    status = HTTPStatus.BAD_GATEWAY
    slug = "payment-provider-unavailable"
    title = "The payment provider did not answer"


class Closed(Problem):
    """The door is closed for everybody just now."""

    status = HTTPStatus.SERVICE_UNAVAILABLE
    slug = "closed"
    title = "Closed just now"


def problem(
    status: int,
    detail: str,
    *,
    slug: str = "",
    title: str = "",
    errors: Mapping[str, Sequence[str]] | None = None,
) -> dict[str, Any]:
    """Return a problem document; without a slug the type is the plain HTTP status."""
    document: dict[str, Any] = {
        "type": f"{TYPE_BASE}{slug}" if slug else "about:blank",
        "title": title or HTTPStatus(status).phrase,
        "status": int(status),
        "detail": detail,
    }
    if errors:
        document["errors"] = errors
    return document


def json_problem(document: Mapping[str, Any]) -> JsonResponse:
    """Answer with a problem document, from outside of DRF."""
    return JsonResponse(document, status=document["status"], content_type=PROBLEM_JSON)


def problem_response(error: Exception, _context: Mapping[str, Any]) -> Response | None:
    """Translate what an API view raised; an unknown error stays one, and becomes a 500 with its log."""
    error = as_problem(error)
    headers: dict[str, str] = {}
    if isinstance(error, Problem):
        document = error.body()
        headers = dict(error.headers)
    elif isinstance(error, exceptions.APIException):
        document = problem(error.status_code, str(error.detail))
        headers = _headers(error)
    else:
        return None
    set_rollback()
    return Response(document, document["status"], headers=headers, content_type=PROBLEM_JSON)


def as_problem(error: Exception) -> Exception:
    """Return what DRF's and Django's own refusals mean in our words; anything else as it is."""
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, django_exceptions.PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, django_exceptions.ValidationError):
        error = exceptions.ValidationError(get_error_detail(error))
    if isinstance(error, exceptions.Throttled):
        return TooManyRequests(wait=getattr(error, "wait", None))
    if isinstance(error, exceptions.ValidationError):
        return Invalid(_("See errors, field by field."), errors=_by_field(error.detail))
    return error


def _headers(error: exceptions.APIException) -> dict[str, str]:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    return headers


def _by_field(detail: Any) -> dict[str, list[str]]:
    if not isinstance(detail, Mapping):
        return {"": [str(message) for message in detail]}
    return {
        str(field): [str(message) for message in _flat(messages)]
        for field, messages in detail.items()
    }


def _flat(messages: Any) -> list[Any]:
    if isinstance(messages, Mapping):
        return [message for inner in messages.values() for message in _flat(inner)]
    if isinstance(messages, list | tuple):
        return [message for inner in messages for message in _flat(inner)]
    return [messages]


def wants_problem(request: HttpRequest) -> bool:
    """Whether the client is a program: everything under /api/ gets problem+json, never a page."""
    return request.path.startswith("/api/")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """Answer a failed CSRF check in the client's own language."""
    if wants_problem(request):
        return json_problem(problem(HTTPStatus.FORBIDDEN, "The CSRF check failed."))
    return django_csrf_failure(request, reason=reason)
