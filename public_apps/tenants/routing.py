"""Which tenant answers at a host: from a small cache that is never stale for long."""

from __future__ import annotations

import time
from collections import OrderedDict
from threading import Lock

from django.conf import settings

from public_apps.tenants.models import Tenant

FRESH_SECONDS = 3.0
MOST_ENTRIES = 10_000

_lock = Lock()
_seen: OrderedDict[str, tuple[float, Tenant]] = OrderedDict()


def is_public(host: str) -> bool:
    """Whether this host is ours rather than a tenant's."""
    return host == settings.TENANT_BASE_DOMAIN or host in settings.PUBLIC_HOSTS


def tenant_at(host: str) -> Tenant | None:
    """Return the tenant that answers at `host`, at most `FRESH_SECONDS` old; no query when warm.

    Unknown hosts are not remembered: a new workspace answers at once, and strangers' guesses
    can't fill the memory. Spare, half-made and archived tenants are unknown.
    """
    now = time.monotonic()
    entry = _seen.get(host)
    if entry is not None and entry[0] > now:
        return entry[1]
    tenant = _look_up(host)
    with _lock:
        _seen.pop(host, None)
        if tenant is not None:
            _seen[host] = (now + FRESH_SECONDS, tenant)
            if len(_seen) > MOST_ENTRIES:
                _seen.popitem(last=False)
    return tenant


def _look_up(host: str) -> Tenant | None:
    serving = Tenant.objects.serving()
    found: Tenant | None = serving.filter(domains__domain=host, opened_at__isnull=False).first()
    return found
