"""Pages of a workspace: the API's own table of permissions, for people with a browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.cache import never_cache

from public_apps.accounts import authority, step_up
from public_apps.accounts.models import User
from public_apps.accounts.permissions import Scope, must_be_confirmed, request_scope
from public_apps.core import idempotency
from public_apps.core.errors import Forbidden

View = Callable[..., HttpResponse]


class HttpResponseSeeOther(HttpResponseRedirect):
    """A redirect that is always followed by GET."""

    status_code = HTTPStatus.SEE_OTHER


def require_permission(operation: str, *, held: bool = False) -> Callable[[View], View]:
    """Let in who may do this deed, in their own time zone; the view gets how far they reach.

    Who isn't signed in is led to do so; whose role may never do it gets a 403. What is done once, by
    a form with a hidden key, begins with a last look at who does it. A view that writes without one
    is `held`: all of a POST is one transaction, by somebody who may do it to its end.
    """

    def decorate(view: View) -> View:
        @never_cache
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            scope = request_scope(request, operation)
            if scope is Scope.NONE:
                raise PermissionDenied
            if _must_be_confirmed(request, operation):
                return step_up.asked(request)
            with (
                timezone.override(settings.PAGES_TIME_ZONE),
                idempotency.guarded(lambda: authority.hold(request, operation)),
            ):
                if held and request.method == "POST":
                    return _held(view, request, scope, operation, kwargs)
                return view(request, scope, **kwargs)

        return guarded

    return decorate


def _must_be_confirmed(request: HttpRequest, operation: str) -> bool:
    """Whether somebody has to show first who they are: not to look at a form, but to fetch a file."""
    decisive = request.method == "POST" or operation == "exports.link"
    return decisive and must_be_confirmed(operation) and not step_up.is_recent(request)


def _held(
    view: View, request: HttpRequest, scope: Scope, operation: str, given: dict[str, Any]
) -> HttpResponse:
    with transaction.atomic():
        try:
            authority.hold(request, operation)
        except Forbidden as refusal:
            raise PermissionDenied from refusal
        return view(request, scope, **given)


def has_permission(request: HttpRequest, operation: str) -> bool:
    """Whether a page should offer this deed to whoever asks."""
    return request_scope(request, operation) is not Scope.NONE


def current_user(request: HttpRequest) -> User:
    """Return whoever asks; `page` has seen to it that it is somebody."""
    return cast("User", request.user)
