"""What caches may do with an answer: nothing for others, unless a view says that it is for everybody."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.cache import patch_vary_headers
from django.utils.decorators import method_decorator
from django.views.decorators.cache import cache_control
from django.views.decorators.gzip import gzip_page
from django.views.decorators.http import conditional_page
from django.views.decorators.vary import vary_on_headers

PROGRAMS = ("/api/", "/_allauth/")
TENANT = "X-Tenant-Host"
PERSON = ("Authorization", "X-Session-Token")
FOR_SECONDS = 60
Handler = Callable[[HttpRequest], HttpResponseBase]


class CachingMiddleware:
    """Says of every answer for whom it is; what depends on tenant or person is never another's."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        is_api = request.path.startswith(PROGRAMS)
        if is_api:
            patch_vary_headers(response, (TENANT,))
        if "Cache-Control" not in response:
            response["Cache-Control"] = _for_one(response, is_api=is_api)
        if is_api and "public" not in response["Cache-Control"]:
            patch_vary_headers(response, PERSON)
        return response


def _for_one(response: HttpResponseBase, *, is_api: bool) -> str:
    # What has a version may be kept by whoever asked for it, and is asked for again each time.
    is_passing = is_api and "ETag" not in response
    is_refusal = response.status_code >= HTTPStatus.BAD_REQUEST
    return "private, no-store" if is_passing or is_refusal else "private, no-cache"


def for_everybody(view: Any) -> Any:
    """Decorate an API view that tells everybody the same: kept for a minute, by ETag, compressed.

    Nothing secret is in it, so what its length gives away is no secret either (BREACH).
    """
    # From the inside out. The language's cookie counts as well as what the browser prefers.
    for decorate in (
        cache_control(public=True, max_age=FOR_SECONDS),
        vary_on_headers("Accept-Language", "Cookie"),
        conditional_page,
        gzip_page,
    ):
        view = method_decorator(decorate, name="dispatch")(view)
    return view
