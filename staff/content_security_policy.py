"""What the admin's own scripts need beyond our pages' content security policy."""

from __future__ import annotations

from collections.abc import Callable

from csp.constants import SELF, UNSAFE_EVAL, UNSAFE_INLINE
from django.http import HttpRequest
from django.http.response import HttpResponseBase

ADMIN = "/admin/"
# Unfold's Alpine.js evaluates expressions and sets inline styles. Only staff see these pages.
LOOSENED = {"script-src": [SELF, UNSAFE_EVAL], "style-src": [SELF, UNSAFE_INLINE]}


class AdminContentPolicy:
    """Loosens the policy for the admin's pages alone."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.path.startswith(ADMIN) and getattr(request, "tenant", None) is None:
            response._csp_replace = LOOSENED  # type: ignore[attr-defined]  # django-csp's own way
        return response
