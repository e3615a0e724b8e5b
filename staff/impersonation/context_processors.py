"""The banner that a tenant's pages bear while our staff work in somebody's name."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from staff.impersonation import gate


def banner(request: HttpRequest) -> dict[str, Any]:
    """Give templates `impersonation`, or None."""
    return {"impersonation": gate.impersonation_of(request)}
