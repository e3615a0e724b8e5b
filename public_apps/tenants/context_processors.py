"""What templates may know of the tenant."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def tenant(request: HttpRequest) -> dict[str, Any]:
    """Give templates the request's tenant, or None on a public host."""
    return {"tenant": getattr(request, "tenant", None)}
