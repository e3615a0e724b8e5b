"""Limits where a stranger can knock."""

from __future__ import annotations

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView


class PerClient(SimpleRateThrottle):
    """So many requests per client address."""

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.get_ident(request)}


class CheckoutLimit(PerClient):
    """Starting a purchase."""

    scope = "checkout"


class SubdomainLimit(PerClient):
    """Asking for names, as somebody types."""

    scope = "subdomain"
