"""Errors as RFC 9457 problem details: raised as types anywhere, translated here and nowhere else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, ClassVar

from django.core import exceptions as django_exceptions
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.csrf import csrf_failure as django_csrf_failure
from rest_framework import exceptions
from rest_framework.fields import get_error_detail
from rest_framework.response import Response
from rest_framework.views import set_rollback

from public_apps.core.database_waits import is_database_away
from public_apps.core.problems import CATALOGUE, Kind, kind_of

PROBLEM_JSON = "application/problem+json"
RETRY_AFTER = "5"  # seconds, while the database is away
Fields = Mapping[str, Sequence[str]]


class Problem(Exception):
    """A decided refusal: subclasses say which of the catalogue's kinds; the detail says what to do.

    `code` tells programs the reason of what is said by field; a message that is an `ErrorDetail`
    has its own.
    """

    headers: Mapping[str, str] = {}
    slug: ClassVar[str] = "bad-request"
    code = "invalid"

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if cls.slug not in CATALOGUE:
            raise TypeError(f"{cls.__name__}: {cls.slug!r} is not in core.problems.CATALOGUE")

    def __init__(self, detail: str, *, errors: Fields | None = None, code: str = "") -> None:
        super().__init__(detail)
        self.detail = detail
        self.code = code or self.code
        self.errors = {name: list(messages) for name, messages in (errors or {}).items()}

    @property
    def kind(self) -> Kind:
        """What the catalogue says of it."""
        return CATALOGUE[self.slug]

    @property
    def status(self) -> HTTPStatus:
        """The status that it is answered with."""
        return self.kind.status

    @property
    def codes(self) -> dict[str, list[str]]:
        """The reasons by field, for programs, each beside its message in `errors`."""
        return {
            name: [str(getattr(message, "code", None) or self.code) for message in messages]
            for name, messages in self.errors.items()
        }

    def body(self) -> dict[str, Any]:
        """Return the problem document."""
        return problem(
            self.status, self.detail, slug=self.slug, errors=self.errors, codes=self.codes
        )


class Invalid(Problem):
    """One or more fields cannot be taken; `errors` names them."""

    slug = "invalid-input"


class Conflict(Problem):
    """The request collides with something that exists."""

    slug = "conflict"
    code = "unique"


class KeyReused(Problem):
    """An Idempotency-Key came back with another body."""

    slug = "idempotency-key-reused"


class StaleVersion(Problem):
    """Somebody else has changed the row since the client read it."""

    slug = "changed-meanwhile"

    def __init__(self) -> None:
        super().__init__(_("Somebody has changed this meanwhile. Read it again, then decide."))


class Refused(Problem):
    """The request is well-formed, and may not be done as things stand."""

    slug = "not-now"


class Forbidden(Problem):
    """Whoever asks may not do this, though others may."""

    slug = "not-allowed"


class Gone(Problem):
    """A link is spent, over, or never was one; which, is nobody's business."""

    slug = "gone"


class TooManyRequests(Problem):
    """Somebody asks too often; `Retry-After` says when it is worth while again."""

    slug = "too-many-requests"

    def __init__(self, *, wait: float | None = None) -> None:
        seconds = int(wait or 0) + 1
        text = ngettext(
            "You have asked too often. Please try again in %(wait)d second.",
            "You have asked too often. Please try again in %(wait)d seconds.",
            seconds,
        )
        super().__init__(text % {"wait": seconds})
        self.headers = {"Retry-After": str(seconds)}


class UpstreamFailed(Problem):
    """A service that we depend on did not answer as it should; trying again later may help."""

    slug = "payment-provider-unavailable"


class Unavailable(Problem):
    """The database is away, or was not in time; the same request will do in a moment."""

    slug = "unavailable"

    def __init__(self) -> None:
        super().__init__(_("We can't serve you just now. Please try again in some seconds."))
        self.headers = {"Retry-After": RETRY_AFTER}


class Closed(Problem):
    """The door is closed for everybody just now."""

    slug = "closed"


def problem(
    status: int,
    detail: str,
    *,
    slug: str = "",
    errors: Fields | None = None,
    codes: Fields | None = None,
) -> dict[str, Any]:
    """Return a problem document; without a slug it is the kind that the bare status stands for."""
    kind = CATALOGUE[slug] if slug else kind_of(status)
    document: dict[str, Any] = {
        "type": kind.url,
        "code": kind.slug,
        "title": str(kind.title),
        "status": int(status),
        "detail": detail or str(kind.meaning),
    }
    if errors:
        document["errors"] = errors
        document["codes"] = codes or {name: ["invalid"] * len(errors[name]) for name in errors}
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
    if isinstance(error, Problem):
        return error  # whatever it came of, it has words of its own
    if isinstance(error, Http404):
        return exceptions.NotFound()
    if isinstance(error, django_exceptions.PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, django_exceptions.ValidationError):
        error = exceptions.ValidationError(get_error_detail(error))
    if is_database_away(error):
        return Unavailable()
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
        return {"": _flat(detail)}
    return {str(field): _flat(messages) for field, messages in detail.items()}


def _flat(messages: Any) -> list[str]:
    """Return the messages as they are: each may bear a code."""
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
        return json_problem(
            problem(HTTPStatus.FORBIDDEN, _("The CSRF check failed."), slug="csrf-failed")
        )
    return django_csrf_failure(request, reason=reason)
