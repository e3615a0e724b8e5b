"""The short way to Stripe's door: a delivery needs no session, no person, no language.

Twenty middlewares cost more than the storing itself. What the others would decide about a request,
such as a redirect to https or a tenant's host, they still decide: it takes the long way.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import cast

from django.conf import settings
from django.core.handlers.exception import convert_exception_to_response
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import resolve, reverse
from django.utils import translation

from billing.webhook import stripe_webhook
from public_apps.core.middleware import ProblemJson
from public_apps.core.schema_context import to_public
from public_apps.tenants.middleware import is_for_public

Handler = Callable[[HttpRequest], HttpResponseBase]


class IntakeMiddleware:
    """Hands deliveries of a public host straight to the view, errors in its format included."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response
        view = cast("Handler", convert_exception_to_response(stripe_webhook))
        self.take = ProblemJson(view)
        self.path = reverse("billing:webhook", urlconf=settings.PUBLIC_SCHEMA_URLCONF)
        self.match = resolve(self.path, urlconf=settings.PUBLIC_SCHEMA_URLCONF)

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path != self.path or request.method != "POST" or not _may_be_short(request):
            return self.get_response(request)
        to_public()
        request.resolver_match = self.match
        with translation.override(settings.LANGUAGE_CODE):
            return self.take(request)


def _may_be_short(request: HttpRequest) -> bool:
    is_safe = request.is_secure() or not settings.SECURE_SSL_REDIRECT
    return is_safe and is_for_public(request)
