"""Backups that are not made, and backups that can't be restored."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Max

from public_apps.monitoring import incidents
from public_apps.tenants.archives import backup, restore_test
from public_apps.tenants.archives.store_types import NoStore
from public_apps.tenants.models import Installation, RestoreTest
from staff.alerts import kinds

# Three nights: one may be missed by a release at the wrong moment.
UNTESTED_FOR = timedelta(days=3)
MOST_LINES = 50


def restore_failing(now: datetime) -> Mapping[str, list[str]]:
    """A tenant's last restore test failed, or there has been none of anybody's for three nights."""
    if not settings.ARCHIVE_STORE:
        return {}
    lines = [
        f"{test.backup}, tested {test.at:%Y-%m-%d %H:%M} UTC: {test.error}"
        for test in restore_test.failing()[:MOST_LINES]
    ]
    last = RestoreTest.objects.aggregate(last=Max("at"))["last"]
    if last and last < now - UNTESTED_FOR:
        lines.append(f"No backup has been restored since {last:%Y-%m-%d %H:%M} UTC.")
    return {"": lines} if lines else {}


def watch() -> None:
    """See in the store who has no fresh backup, and tell staff; too much for every minute."""
    incidents.report(kinds.BACKUPS_OLD, _backups_old() if settings.ARCHIVE_STORE else {})
    if settings.ARCHIVE_STORE:
        with contextlib.suppress(NoStore):  # told above; what was known is older every hour
            Installation.objects.update(oldest_backup_at=backup.oldest())


def _backups_old() -> Mapping[str, list[str]]:
    try:
        late = backup.late()
    except NoStore as error:
        return {"": [str(error)]}
    lines = [f"{tenant.schema_name} ({tenant.name})" for tenant in late[:MOST_LINES]]
    if len(late) > MOST_LINES:
        lines.append(f"and {len(late) - MOST_LINES} more")
    return {"": lines} if lines else {}
