"""Sites of others that we may lead somebody to: the frontend, and whoever may call us from a browser."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest

# Nothing but scheme, host and port: no person before an @, no path, no query, no second reading.
_ORIGIN = re.compile(r"(https?)://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(?::[0-9]{1,5})?")
_LOOPBACK = frozenset({"localhost", "127.0.0.1"})


def allowed(origin: str) -> bool:
    """Whether we may lead people to this origin: one of ours, exactly, and by https.

    Plain http is for development, and for the machine that somebody sits at.
    """
    parts = _ORIGIN.fullmatch(origin)
    if parts is None:
        return False
    scheme, host = parts.groups()
    local = host in _LOOPBACK or host.endswith(".localhost")
    if scheme != "https" and not (settings.DEBUG or local):
        return False
    return _is_listed(origin)


def caller_of(request: HttpRequest) -> str:
    """Return the origin of the site whose browser code asks, if we may lead there; else nothing."""
    origin = request.headers.get("Origin", "")
    return origin if allowed(origin) else ""


def of_frontend() -> str:
    """Return the origin of `FRONTEND_URL`, or nothing."""
    parts = urlsplit(settings.FRONTEND_URL)
    return f"{parts.scheme}://{parts.netloc}".lower() if parts.netloc else ""


def _is_listed(origin: str) -> bool:
    if origin == of_frontend() or origin in settings.CORS_ALLOWED_ORIGINS:
        return True
    return any(re.fullmatch(each, origin) for each in settings.CORS_ALLOWED_ORIGIN_REGEXES)
