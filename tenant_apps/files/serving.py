"""Handing a file out. Call it only after looking up whether this person may have it."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.http import content_disposition_header
from rest_framework.renderers import JSONRenderer

from tenant_apps.files.models import Kind, StoredContent, StoredFile

# What a browser shows without running anything; everything else is only saved.
SHOWN = frozenset({Kind.PDF, Kind.PNG, Kind.JPEG, Kind.WEBP})
SEALED = "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
TEXTS = frozenset({Kind.CSV, Kind.TEXT})


class AnyKind(JSONRenderer):
    """Lets a view be asked for whatever kind a file is; its refusals are JSON all the same."""

    media_type = "*/*"
    format = "file"


RENDERERS = (JSONRenderer, AnyKind)


def response(stored: StoredFile) -> HttpResponse:
    """Return the file as an answer that no browser runs as a page, and no cache keeps for others."""
    content = StoredContent.objects.get(pk=stored.pk)
    kind = f"{stored.kind}; charset=utf-8" if stored.kind in TEXTS else stored.kind
    answer = HttpResponse(bytes(content.data), content_type=kind)
    disposition = content_disposition_header(stored.kind not in SHOWN, stored.name)
    answer["Content-Disposition"] = disposition or "attachment"
    answer["X-Content-Type-Options"] = "nosniff"
    answer["Content-Security-Policy"] = _policy(stored)
    answer["Cross-Origin-Resource-Policy"] = "same-origin"
    answer["Cache-Control"] = "private, no-store"
    return answer


def _policy(stored: StoredFile) -> str:
    # Chromium shows no PDF in a sandbox. Its reader runs apart from our origin anyway.
    return SEALED if stored.kind == Kind.PDF else f"{SEALED}; sandbox"
