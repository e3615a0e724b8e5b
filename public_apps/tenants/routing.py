"""Which tenant answers at a host: from a small cache that is never stale for long."""

from __future__ import annotations

import time
from collections import OrderedDict
from dataclasses import dataclass
from datetime import timedelta
from threading import Lock

from django.conf import settings
from django.db.models import OuterRef, Subquery

from public_apps.tenants.models import Domain, Tenant

FRESH_SECONDS = 3.0
# After so long nobody is at work any more in the schema that a host led to: longer than a host is
# remembered and a request may take.
STILL_IN_USE = timedelta(minutes=1)
MOST_ENTRIES = 10_000


@dataclass(frozen=True)
class HostMatch:
    """Who answers at a host, and the host at which they answer first."""

    tenant: Tenant
    first_host: str


_lock = Lock()
_seen: OrderedDict[str, tuple[float, HostMatch]] = OrderedDict()


def is_public(host: str) -> bool:
    """Whether this host is ours rather than a tenant's."""
    return host == settings.TENANT_BASE_DOMAIN or host in settings.PUBLIC_HOSTS


def place_at(host: str) -> HostMatch | None:
    """Return who answers at `host`, at most `FRESH_SECONDS` old; no query when warm.

    Unknown hosts are not remembered: a new workspace answers at once, and strangers' guesses
    can't fill the memory. Spare, half-made and archived tenants are unknown, and so are domains
    that nobody has proven.
    """
    now = time.monotonic()
    entry = _seen.get(host)
    if entry is not None and entry[0] > now:
        return entry[1]
    place = _look_up(host)
    with _lock:
        _seen.pop(host, None)
        if place is not None:
            _seen[host] = (now + FRESH_SECONDS, place)
            if len(_seen) > MOST_ENTRIES:
                _seen.popitem(last=False)
    return place


def _look_up(host: str) -> HostMatch | None:
    # PostgreSQL refuses this character, and DNS has never known it.
    if "\0" in host:
        return None
    first = Domain.objects.filter(tenant=OuterRef("pk"), is_primary=True).values("domain")
    serving = Tenant.objects.serving().annotate(first_host=Subquery(first[:1]))
    found = serving.filter(domains__domain=host, opened_at__isnull=False).first()
    return HostMatch(found, found.first_host or host) if found is not None else None
