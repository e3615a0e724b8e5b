"""The gate: every request works in exactly one schema, or gets a 404."""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus
from typing import TYPE_CHECKING

import structlog
from django.conf import settings
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponsePermanentRedirect,
    HttpResponseRedirect,
)
from django.http.response import HttpResponseBase
from django.middleware.security import SecurityMiddleware
from django.template.loader import render_to_string
from django.urls import set_urlconf
from django.utils import translation

from public_apps.core.errors import json_problem, problem
from public_apps.core.rest import request_host
from public_apps.core.schema_context import inside, to_public
from public_apps.tenants import domains, routing
from public_apps.tenants.models import Tenant
from public_apps.tenants.routing import HostMatch

if TYPE_CHECKING:

    class TenantRequest(HttpRequest):
        """A request after the gate; `tenant` is None on a public host."""

        tenant: Tenant | None


# Where the Next.js server may choose the tenant by header, for it calls one API host.
BY_HEADER = ("/api/", "/_allauth/")
# Programs stay where they are: few would carry their token along to another host.
NOT_LED_ON = (*BY_HEADER, "/static/")


class SecurityOfKnownHosts(SecurityMiddleware):
    """Leads to https whoever asks at a host of ours; others get the gate's 404, and are led nowhere."""

    def process_request(self, request: HttpRequest) -> HttpResponsePermanentRedirect | None:
        """Return the redirect that is due, or nothing."""
        if self.redirect and not request.is_secure() and not _is_ours(host_of(request)):
            return None
        led_on: HttpResponsePermanentRedirect | None = super().process_request(request)
        return led_on


def _is_ours(host: str) -> bool:
    to_public()
    return routing.is_public(host) or routing.place_at(host) is not None


class TenantMiddleware:
    """Host (or `X-Tenant-Host` on a public one) → tenant → its schema alone on the search path."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        to_public()
        host, port = _split(request.META.get("HTTP_HOST", ""))
        chosen = request.headers.get("X-Tenant-Host", "")
        if not routing.is_public(host):
            place = routing.place_at(host)
            return _led_on(request, host, place) or self._serve(request, place)
        if chosen and request.path.startswith(BY_HEADER):
            tenant_host, _ = _split(chosen)
            request.META[request_host.HOST] = f"{host}{port}"
            # Links made further down must lead to the tenant's host, not to the API's.
            request.META["HTTP_HOST"] = f"{tenant_host}{port}"
            return self._serve(request, routing.place_at(tenant_host))
        return self._serve_public(request)

    def _serve_public(self, request: HttpRequest) -> HttpResponseBase:
        request.tenant = None  # type: ignore[attr-defined]  # what TenantRequest declares
        _route_by(request, settings.PUBLIC_SCHEMA_URLCONF)
        return self.get_response(request)

    def _serve(self, request: HttpRequest, place: HostMatch | None) -> HttpResponseBase:
        if place is None:
            return _unknown_host(request)
        tenant = place.tenant
        request.tenant = tenant  # type: ignore[attr-defined]  # what TenantRequest declares
        _route_by(request, settings.TENANT_URLCONF)
        with (
            inside(tenant.schema_name),
            structlog.contextvars.bound_contextvars(tenant=tenant.schema_name),
        ):
            return self.get_response(request)


def is_for_public(request: HttpRequest) -> bool:
    """Whether the gate will serve this request of /api/ in the shared schema, for no tenant."""
    return routing.is_public(host_of(request)) and not request.headers.get("X-Tenant-Host")


def host_of(request: HttpRequest) -> str:
    """Return the host that a request is sent to, without its port."""
    return _split(request.META.get("HTTP_HOST", ""))[0]


def _led_on(request: HttpRequest, host: str, place: HostMatch | None) -> HttpResponse | None:
    """Lead whoever reads a page to the same page at the tenant's first host.

    For now, not for good: browsers must not remember it when that host fails or changes again.
    """
    if place is None or host == place.first_host or request.method not in {"GET", "HEAD"}:
        return None
    if request.path.startswith(NOT_LED_ON):
        return None
    return HttpResponseRedirect(domains.url_at(place.first_host, request.get_full_path()))


def _route_by(request: HttpRequest, urlconf: str) -> None:
    request.urlconf = urlconf
    # Django does this only as it looks for the view: pages made by middleware hold links, too.
    set_urlconf(urlconf)


def _split(host: str) -> tuple[str, str]:
    """Return the host in lower case without port and trailing dot, and `:port` or nothing."""
    name, colon, port = host.strip().lower().rpartition(":")
    if not colon or not port.isdigit():
        name, port = host.strip().lower(), ""
    return name.rstrip("."), f":{port}" if port else ""


def _unknown_host(request: HttpRequest) -> HttpResponse:
    # Nobody has looked yet which language is asked for: that comes after the gate.
    with translation.override(translation.get_language_from_request(request)):
        if request.path.startswith(BY_HEADER):
            return json_problem(problem(HTTPStatus.NOT_FOUND, "", slug="no-such-workspace"))
        return HttpResponse(render_to_string("404.html"), status=HTTPStatus.NOT_FOUND)
