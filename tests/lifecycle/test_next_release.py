"""Whoever left under an old release comes back under a new one, with everything that it brought."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from devstack import pgbinaries
from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.tenants import offboarding_hooks
from public_apps.tenants.archives import backup
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding import departures, orphans, steps
from tests.archives.furnished import rows
from tests.core.web_stack import WebStack, create_workspace
from tests.lifecycle.leaving import later, of
from tests.tenants.test_fleet import NEXT


def test_an_archive_of_yesterday_comes_to_todays_head(
    web_stack: WebStack, tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ARCHIVE_STORE = str(tmp_path / "store")
    settings.PG_DUMP = pgbinaries.pg_dump()
    monkeypatch.setattr(offboarding_hooks, "_storages", [backup.StoredArchives()])
    workspace = create_workspace()
    departures.plan_archive(tenant=workspace.tenant, begins_at=timezone.now(), by="test")
    steps.proceed(of(workspace).pk)

    deployed = {**NEXT, "ARCHIVE_STORE": settings.ARCHIVE_STORE}
    done = web_stack.stack.manage(
        "tenant", "revive", workspace.tenant.schema_name, environ=deployed
    )
    assert done.returncode == 0, done.stderr
    now = Tenant.objects.get(pk=workspace.tenant.pk)
    try:
        table = f"{now.schema_name}.home_notice"
        assert rows("SELECT to_regclass(%s) IS NOT NULL", table) == [(True,)]
        assert now.migrations_fingerprint not in ("", workspace.tenant.migrations_fingerprint)
        with inside(now.schema_name):
            assert User.objects.get().email == workspace.owner
    finally:  # it is ahead of everybody else here
        departures.request_erasure(tenant=now, by="test")
        steps.proceed(later(workspace, days=8).pk)
    assert not orphans.is_there(now.schema_name)
