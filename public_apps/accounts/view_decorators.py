"""Pages of a workspace: the API's own table of permissions, for people with a browser."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from http import HTTPStatus
from typing import Any, cast

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.cache import never_cache

from public_apps.accounts.models import User
from public_apps.accounts.permissions import Scope, request_scope

View = Callable[..., HttpResponse]


class HttpResponseSeeOther(HttpResponseRedirect):
    """A redirect that is always followed by GET."""

    status_code = HTTPStatus.SEE_OTHER


def require_permission(operation: str) -> Callable[[View], View]:
    """Let in who may do this deed, in their own time zone; the view gets how far they reach.

    Who isn't signed in is led to do so; whose role may never do it gets a 403.
    """

    def decorate(view: View) -> View:
        @never_cache
        @login_required
        @wraps(view)
        def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
            scope = request_scope(request, operation)
            if scope is Scope.NONE:
                raise PermissionDenied
            with timezone.override(settings.PAGES_TIME_ZONE):
                return view(request, scope, **kwargs)

        return guarded

    return decorate


def has_permission(request: HttpRequest, operation: str) -> bool:
    """Whether a page should offer this deed to whoever asks."""
    return request_scope(request, operation) is not Scope.NONE


def current_user(request: HttpRequest) -> User:
    """Return whoever asks; `page` has seen to it that it is somebody."""
    return cast("User", request.user)
