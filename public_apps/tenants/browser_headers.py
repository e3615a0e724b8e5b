"""What answers tell browsers beside Django's own headers: how to come back, and what pages may use."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

from public_apps.tenants import routing

STRICT_TRANSPORT = "Strict-Transport-Security"
# Nothing of ours asks for any of these; a page with somebody else's script in it can't either.
UNUSED = (
    "accelerometer", "autoplay", "browsing-topics", "camera", "display-capture", "encrypted-media",
    "geolocation", "gyroscope", "hid", "idle-detection", "local-fonts", "magnetometer", "microphone",
    "midi", "payment", "picture-in-picture", "screen-wake-lock", "serial", "usb", "xr-spatial-tracking",
)  # fmt: skip
PERMISSIONS = ", ".join(f"{feature}=()" for feature in UNUSED)
# Answered to a frontend on another origin, which shows a token: no cookie opens them.
FOR_OTHER_ORIGINS = ("/api/", "/_allauth/app/")


class BrowserHeaders:
    """Adds headers, and takes HSTS off where the host is a customer's or nobody's.

    Stands around SecurityMiddleware, which sets HSTS for every host. A customer's domain is lent: a
    year's promise on it would bind whatever the customer does there after us.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        # Before the gate, which lets a request go on under the host that X-Tenant-Host names.
        ours = _is_ours(request.META.get("HTTP_HOST", ""))
        response = self.get_response(request)
        if not ours and STRICT_TRANSPORT in response:
            del response[STRICT_TRANSPORT]
        response.headers.setdefault("Permissions-Policy", PERMISSIONS)
        shared = request.path.startswith(FOR_OTHER_ORIGINS)
        response.headers.setdefault(
            "Cross-Origin-Resource-Policy", "cross-origin" if shared else "same-origin"
        )
        return response


def _is_ours(host: str) -> bool:
    name = host.strip().lower().partition(":")[0].rstrip(".")
    return routing.is_public(name) or name.endswith(f".{settings.TENANT_BASE_DOMAIN}")
