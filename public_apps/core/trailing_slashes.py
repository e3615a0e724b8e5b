"""Addresses with and without their last slash: the same for programs, led on safely for people."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.middleware.common import CommonMiddleware
from django.utils.http import escape_leading_slashes

API = "/api/"
SIGN_IN = "/_allauth/"  # allauth's own addresses have no slash at their end
READS = frozenset({"GET", "HEAD"})
Handler = Callable[[HttpRequest], HttpResponseBase]


class EitherAddress:
    """Serves every address of the API with and without its last slash, without a redirect.

    Next.js strips slashes by default, and a redirect makes a GET of a POST in most clients. Stands
    before whatever looks at the path: gates and short ways compare it.
    """

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        path = request.path_info
        if f"{path}/".startswith(API) and not path.endswith("/"):
            _serve_as(request, f"{path}/")
        elif path.startswith(SIGN_IN) and path.endswith("/") and path != SIGN_IN:
            _serve_as(request, path.removesuffix("/"))
        return _kept(request, self.get_response(request))


class PageAddress(CommonMiddleware):
    """Leads from a page's address without its slash to the one with it, with DEBUG as without."""

    def get_full_path_with_slash(self, request: HttpRequest) -> str:
        """Return the address to lead to; Django's own raises for a form while DEBUG is on."""
        return escape_leading_slashes(request.get_full_path(force_append_slash=True))


def _serve_as(request: HttpRequest, path: str) -> None:
    request.path = request.path_info = request.META["PATH_INFO"] = path


def _kept(request: HttpRequest, response: HttpResponseBase) -> HttpResponseBase:
    """Let a form that is led to another address, for its slash or to https, arrive there as a form."""
    if response.status_code == HTTPStatus.MOVED_PERMANENTLY and request.method not in READS:
        response.status_code = HTTPStatus.PERMANENT_REDIRECT
    return response
