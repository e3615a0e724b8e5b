"""Versions of what is answered, where rows have no version of their own."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response


def weak(data: Any) -> str:
    """Return a weak ETag of what an answer says: good for If-None-Match, never for If-Match."""
    return f'W/"{hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]}"'


def listed(header: str) -> set[str]:
    """Return the ETags that a header lists, compared weakly: without their `W/`."""
    return {each.strip().removeprefix("W/") for each in header.split(",")}


def created(data: Any, *, at: str) -> Response:
    """Answer with something new, where it is, and its ETag."""
    return Response(data, HTTPStatus.CREATED, headers={"Location": at, "ETag": weak(data)})
