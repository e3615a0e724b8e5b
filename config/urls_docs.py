"""The OpenAPI document of one kind of host, and a page to read it."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import URLPattern, path
from django.utils import translation
from drf_spectacular.utils import extend_schema
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView
from rest_framework.request import Request

from public_apps.core.cache_headers import for_everybody

_one_at_a_time = Lock()


@dataclass(frozen=True)
class Kind:
    """One of the few documents that there are."""

    urlconf: str
    language: str
    media_type: str


@dataclass(frozen=True)
class Made:
    """A document as it is served."""

    content: bytes
    content_type: str
    disposition: str


_made: dict[Kind, Made] = {}


@for_everybody
class SchemaView(SpectacularAPIView):
    """The document, made once in each process: that takes a third of a second, and anybody may ask.

    By one thread at a time, for the library loads its extensions unguarded.
    """

    @extend_schema(exclude=True)
    def get(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        """Return the document in the reader's language, or in the one that `lang` names."""
        kind = Kind(str(self.urlconf), _language(request), request.accepted_renderer.media_type)
        with _one_at_a_time:
            if kind not in _made:
                _made[kind] = self._make(request, kind)
        made = _made[kind]
        headers = {"Content-Disposition": made.disposition}
        return HttpResponse(made.content, content_type=made.content_type, headers=headers)

    def _make(self, request: Request, kind: Kind) -> Made:
        with translation.override(kind.language):
            answer = self._get_schema_response(request)  # type: ignore[no-untyped-call]
            answer.accepted_renderer = request.accepted_renderer
            answer.accepted_media_type = kind.media_type
            answer.renderer_context = self.get_renderer_context()
            answer.render()
        return Made(answer.content, answer["Content-Type"], answer["Content-Disposition"])

    def _get_version_parameter(self, request: Request) -> None:
        """Serve the one version that there is, whatever the query says."""


def _language(request: Request) -> str:
    # Django keeps all texts of a language that was ever asked for, even of one that there is not.
    said = request.GET.get("lang") or translation.get_language() or ""
    return said if said in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def docs(urlconf: str) -> list[URLPattern]:
    """Return the addresses that describe what `urlconf` serves."""
    return [
        path("schema/", SchemaView.as_view(urlconf=urlconf), name="schema"),
        path("docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    ]
