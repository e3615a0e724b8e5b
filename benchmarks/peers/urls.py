"""dj-stripe's own URLs, and one that tells that the server is up."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import include, path


def alive(request: HttpRequest) -> HttpResponse:
    """Do nothing."""
    return HttpResponse(b"ok")


urlpatterns = [
    path("healthz", alive),
    path("stripe/", include("djstripe.urls", namespace="djstripe")),
]
