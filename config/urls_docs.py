"""The OpenAPI document of one kind of host, and a page to read it."""

from __future__ import annotations

from threading import Lock

from django.urls import URLPattern, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.core.cache_headers import for_everybody

_one_at_a_time = Lock()


@for_everybody
class SchemaView(SpectacularAPIView):
    """The document; made by one thread at a time, for the library loads its extensions unguarded."""

    def _get_schema_response(self, request: Request) -> Response:
        with _one_at_a_time:
            answer: Response = super()._get_schema_response(request)  # type: ignore[no-untyped-call]
        return answer


def docs(urlconf: str) -> list[URLPattern]:
    """Return the addresses that describe what `urlconf` serves."""
    return [
        path("schema/", SchemaView.as_view(urlconf=urlconf), name="schema"),
        path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    ]
