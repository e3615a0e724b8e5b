"""Whose request it is: one address, found out once, for every limit, session and log further in.

Three may tell it: the connection itself, as many proxies as TRUSTED_PROXIES counts, and a frontend's
server that proves itself by FRONTEND_SECRET and hands its visitor's address on. What anybody else
writes into these headers means nothing.
"""

from __future__ import annotations

import ipaddress
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.utils.crypto import constant_time_compare

SECRET = "HTTP_X_FRONTEND_SECRET"  # noqa: S105 - the header's name
VISITOR = "HTTP_X_VISITOR_ADDRESS"
FORWARDED = "HTTP_X_FORWARDED_FOR"
# A provider gives a household at least so much of IPv6 (RFC 6177): one limit for all of it.
PREFIX = 64
Handler = Callable[[HttpRequest], HttpResponseBase]


class ClientAddressMiddleware:
    """Leaves the client's address in REMOTE_ADDR, and none of the headers that it was found by."""

    def __init__(self, get_response: Handler) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        meta = request.META
        secret = meta.pop(SECRET, "")
        visitor = _address(meta.pop(VISITOR, ""))
        forwarded = _told_by_proxies(meta.pop(FORWARDED, ""))
        told = (visitor if _is_frontend(secret) else "") or forwarded
        meta["REMOTE_ADDR"] = told or meta.get("REMOTE_ADDR", "")
        return self.get_response(request)


def network_of(request: HttpRequest) -> str:
    """Return what a limit by address counts: the address, of IPv6 the network that one client has."""
    told = str(request.META.get("REMOTE_ADDR", ""))
    try:
        address = ipaddress.ip_address(told)
    except ValueError:
        return told
    if isinstance(address, ipaddress.IPv6Address):
        return str(ipaddress.ip_network((address, PREFIX), strict=False))
    return str(address)


def _is_frontend(given: str) -> bool:
    # All are compared, whichever fits: the time that it takes tells nothing.
    fits = [constant_time_compare(given, secret) for secret in settings.FRONTEND_SECRETS]
    return any(fits)


def _told_by_proxies(header: str) -> str:
    """Return the address that the outermost of our proxies saw: the rest, anybody can have written."""
    if not settings.TRUSTED_PROXIES or not header:
        return ""
    hops = header.split(",")
    return _address(hops[-min(settings.TRUSTED_PROXIES, len(hops))])


def _address(word: str) -> str:
    """Return an address without port, brackets and zone, or nothing if it is none."""
    host = word.strip()
    if host.startswith("["):
        host = host[1:].partition("]")[0]
    elif host.count(":") == 1:
        host = host.partition(":")[0]
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return ""
    mapped = getattr(address, "ipv4_mapped", None)
    return str(mapped or address)
