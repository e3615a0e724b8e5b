"""/tls-check?domain=: whether a TLS proxy should get a certificate for a host (Caddy's `ask`)."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.response import HttpResponseBase

from public_apps.core.client_address import network_of
from public_apps.core.rest.throttling import LocalLimit
from public_apps.core.schema_context import to_public
from public_apps.tenants import routing

PATH = "/tls-check"


class OfAsker(LocalLimit):
    """So many questions of one proxy, or of a stranger who plays one; each may cost a query."""

    scope = "tls-check"
    is_told = False

    def who(self, request: HttpRequest) -> str:
        return network_of(request)


class TlsCheckMiddleware:
    """Answers 200 for hosts that we serve and 404 for others, whatever the Host.

    The proxy asks by plain http under the web process's own name: before the gate, and before
    anything that leads on to https.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path != PATH or request.method not in {"GET", "HEAD"}:
            return self.get_response(request)
        to_public()
        if not OfAsker().allow_request(request, None):
            return HttpResponse(status=HTTPStatus.TOO_MANY_REQUESTS, headers={"Retry-After": "60"})
        # Not `request.GET`, which is read by whatever codec the client names.
        query = QueryDict(request.META.get("QUERY_STRING", ""), encoding="utf-8")
        served = _is_served(query.get("domain", "").lower())
        return HttpResponse(status=HTTPStatus.OK if served else HTTPStatus.NOT_FOUND)


def _is_served(host: str) -> bool:
    return routing.is_public(host) or routing.place_at(host) is not None
