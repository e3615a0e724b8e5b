"""The OpenAPI document of one kind of host, and a page to read it."""

from __future__ import annotations

from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView


def docs(urlconf: str) -> list[URLPattern]:
    """Return the addresses that describe what `urlconf` serves."""
    return [
        path("schema/", SpectacularAPIView.as_view(urlconf=urlconf), name="schema"),
        path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    ]
