"""Cross-origin calls: a page at a tenant's own first domain may call that tenant's API, at any host."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from corsheaders.signals import check_request_enabled
from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest

from public_apps.core.schema_context import in_public
from public_apps.tenants import domains, routing
from public_apps.tenants.middleware import host_of
from public_apps.tenants.models import Tenant


@receiver(check_request_enabled)
def is_own_domain(request: HttpRequest, **_event: Any) -> bool:
    """Whether a page at a domain that a tenant has proven and put first asks for that very tenant.

    Without credentials, as every origin; and only from where our own links lead.
    """
    if not re.match(settings.CORS_URLS_REGEX, request.path):
        return False
    origin = request.headers.get("Origin", "")
    try:
        host = urlsplit(origin).hostname or ""
    except ValueError:
        return False
    if not host or domains.label_of(host) or routing.is_public(host):
        return False
    if origin != domains.url_at(host, ""):
        return False
    with in_public():
        place = routing.place_at(host)
        if place is None or place.first_host != host:
            return False
        return _is_for(place.tenant, request)


def _is_for(tenant: Tenant, request: HttpRequest) -> bool:
    """Whether a request is for this tenant, or asks beforehand and can't say for whom.

    A browser asks whether it may call before it names the tenant by `X-Tenant-Host`.
    """
    if hasattr(request, "tenant"):  # the gate has looked
        return bool(request.tenant == tenant)
    host = host_of(request)
    if routing.is_public(host):
        return request.method == "OPTIONS"
    place = routing.place_at(host)
    return place is not None and place.tenant == tenant
