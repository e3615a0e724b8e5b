"""The pages that the `type` of a problem leads to: what it means, and what to do."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_vary_headers
from django.views.decorators.http import require_safe
from rest_framework.renderers import JSONRenderer

from public_apps.core.problems import CATALOGUE
from public_apps.core.rest.catalogue import KindSerializer

JSON = "application/json"


@require_safe
def problems(request: HttpRequest) -> HttpResponse:
    """List all kinds of problems; as JSON for whoever prefers that."""
    if _prefers_json(request):
        return _varied(_json(KindSerializer(CATALOGUE.values(), many=True).data))
    return _varied(render(request, "website/problems.html", {"kinds": CATALOGUE.values()}))


@require_safe
def problem(request: HttpRequest, slug: str) -> HttpResponse:
    """Explain one kind of problem; as JSON for whoever prefers that."""
    kind = CATALOGUE.get(slug)
    if kind is None:
        raise Http404
    if _prefers_json(request):
        return _varied(_json(KindSerializer(kind).data))
    return _varied(render(request, "website/problem.html", {"kind": kind}))


def _json(said: object) -> HttpResponse:
    return HttpResponse(JSONRenderer().render(said), content_type=JSON)


def _prefers_json(request: HttpRequest) -> bool:
    return request.get_preferred_type(["text/html", JSON]) == JSON


def _varied(response: HttpResponse) -> HttpResponse:
    patch_vary_headers(response, ["Accept", "Accept-Language"])
    return response
