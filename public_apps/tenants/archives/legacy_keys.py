"""Archives that earlier releases have kept under a tenant's number, which another may have had.

After a database came back from a dump, numbers are given out again. A tenant's own are those that
were made while it was there and before the store bore a mark. They are destroyed only in a store
that somebody has claimed by hand: until then an original and its copy can't be told apart.
"""

from __future__ import annotations

import re
from datetime import datetime

from public_apps.tenants.archives import store_ownership
from public_apps.tenants.archives.store_layout import BACKUP, FINAL, made_at
from public_apps.tenants.archives.store_types import Store
from public_apps.tenants.models import Export, Tenant

NUMBERED = re.compile(r"tenant-\d+/")


def folder_of(tenant: Tenant) -> str:
    """Return where earlier releases kept everything of a tenant."""
    return f"tenant-{tenant.pk}/"


def kept_of(tenant: Tenant, kept: Store) -> list[str]:
    """Return the keys of a tenant's backups and of what it left, oldest first."""
    until = store_ownership.mark_of(kept).since
    return [
        key
        for key in kept.keys(folder_of(tenant))
        if key.endswith((BACKUP, FINAL)) and is_of(tenant, made_at(key), until=until)
    ]


def is_of(tenant: Tenant, made: datetime, *, until: datetime) -> bool:
    """Whether what was made then under a tenant's number is its own."""
    return bool(tenant.created_at <= made < until)


def exports_of(tenant: Tenant) -> list[str]:
    """Return the keys of a tenant's exports, whose rows tell whose they are."""
    theirs = Export.objects.filter(tenant=tenant, stored_as="")
    return [export_key(each) for each in theirs]


def export_key(export: Export) -> str:
    """Return where earlier releases kept an export."""
    return f"tenant-{export.tenant_id}/{export.pk}.export.zip"


def may_be_destroyed(kept: Store) -> bool:
    """Whether somebody has said that what lies in this store is ours."""
    return store_ownership.mark_of(kept).by_hand


def unclaimed(kept: Store) -> int:
    """Return how many archives wait for somebody to say that they are ours."""
    if may_be_destroyed(kept):
        return 0
    return sum(bool(NUMBERED.match(key)) for key in kept.keys("tenant-"))
