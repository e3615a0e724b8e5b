"""How much one person, and one workspace, may ask for.

Counted in each process by itself: these limits keep one client from crowding others out of a
process. What strangers may do is counted for all processes together, elsewhere.
"""

from __future__ import annotations

from django.core.cache import caches
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle, UserRateThrottle
from rest_framework.views import APIView

from public_apps.core.schemas import current


class PersonLimit(UserRateThrottle):
    """So many requests per signed-in person (by address for others)."""

    scope = "person"
    cache = caches["process"]


class WorkspaceLimit(SimpleRateThrottle):
    """So many requests per workspace, all its people together."""

    scope = "workspace"
    cache = caches["process"]

    def get_cache_key(self, request: Request, view: APIView) -> str:
        return f"workspace:{current()}"
