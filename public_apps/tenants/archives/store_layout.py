"""Where in the store what lies: all of a tenant under its identity, which no other ever has."""

from __future__ import annotations

from datetime import UTC, datetime

from public_apps.core import clock
from public_apps.tenants.models import Tenant

STAMP = "%Y%m%dT%H%M%S.%fZ"
BACKUP, FINAL = ".backup.zip", ".final.zip"
# An owner's; those of earlier releases, which hold credentials, ended otherwise.
EXPORT = ".customer.zip"


def folder_of(tenant: Tenant) -> str:
    """Return where everything of a tenant lies; its schema may change, this doesn't."""
    return f"tenant-{tenant.identity}/"


def key_now(tenant: Tenant, *, ending: str) -> str:
    """Return a key for an archive that is made now; later ones come after it."""
    return f"{folder_of(tenant)}{clock.now().astimezone(UTC).strftime(STAMP)}{ending}"


def made_at(key: str) -> datetime:
    """Return when a backup, or what a tenant left, was made, by its key."""
    stamp = key.rpartition("/")[2].removesuffix(BACKUP).removesuffix(FINAL)
    return datetime.strptime(stamp, STAMP).replace(tzinfo=UTC)
