"""Cross-origin calls: a page at a tenant's own first domain may call that tenant's API anywhere."""

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


@receiver(check_request_enabled)
def is_own_domain(request: HttpRequest, **_event: Any) -> bool:
    """Whether a request comes from a page at a domain that a tenant has proven and put first.

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
    return place is not None and place.first_host == host
