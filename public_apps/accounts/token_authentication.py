"""Bearer tokens: allauth's session tokens, looked up in the schema of the request's tenant alone."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.headless.contrib.rest_framework.authentication import XSessionTokenAuthentication
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

TOKEN_HEADER = "HTTP_X_SESSION_TOKEN"  # noqa: S105 - the header's name
PROGRAMS = ("/api/", "/_allauth/")
API_KEY_MARK = (
    "nc_"  # no session token begins like this; where keys open nothing, nobody is signed in
)


class BearerTokenMiddleware:
    """Lets `Authorization: Bearer …` stand for allauth's own `X-Session-Token`."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        token = "" if token.strip().startswith(API_KEY_MARK) else token.strip()
        if request.path.startswith(PROGRAMS) and scheme.lower() == "bearer" and token:
            request.META.setdefault(TOKEN_HEADER, token)
            request.__dict__.pop("headers", None)  # a cached view of META
        return self.get_response(request)


class SessionTokenAuthentication(XSessionTokenAuthentication):
    """Signs a request in by its token; a token that opens nothing is refused with 401."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        if not self.get_session_token(request):
            return None
        found: tuple[Any, Any] | None = super().authenticate(request)
        if found is None:
            raise AuthenticationFailed(_("This sign-in is not valid here. Please sign in again."))
        return found

    def authenticate_header(self, request: Request) -> str:
        """Name the scheme: without it DRF would answer 403 where 401 is meant."""
        return "Bearer"
