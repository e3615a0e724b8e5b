"""kill -9 while a tenant comes back from its archive: it is as before, and the next try does it all."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from devstack import pgbinaries
from devstack.processes import ROOT
from public_apps.tenants.archives import backup
from public_apps.tenants.lifecycle import departures, doors, orphans, steps, tasks
from public_apps.tenants.models import Tenant
from tests.core.ground import Door, Ground, found_workspace
from tests.lifecycle.leaving import of
from tests.tenants.test_hosts import until_status

# The schema is there, a table is filled, the departure is called off, the row leads to the schema.
MOMENTS = ("CREATE SCHEMA", "setval", 'UPDATE "tenants_departure"', '"migrations_fingerprint" =')


def test_it_is_all_back_or_not_at_all(
    ground: Ground,
    door: Door,
    tmp_path: Path,
    settings: Settings,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    settings.ARCHIVE_STORE = str(tmp_path / "store")
    settings.PG_DUMP = pgbinaries.pg_dump()
    monkeypatch.setattr(doors, "_vaults", [backup.StoreVault()])
    workspace = found_workspace()
    departures.plan_archive(tenant=workspace.tenant, begins_at=timezone.now(), by="test")
    steps.proceed(of(workspace).pk)
    before = orphans.find(), of(workspace)

    for moment in MOMENTS:
        done = subprocess.run(
            [sys.executable, "-m", "tests.lifecycle.doomed_revival", str(workspace.tenant.pk), moment],
            cwd=ROOT, env={**ground.stack.env, "ARCHIVE_STORE": settings.ARCHIVE_STORE},
            capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        assert done.returncode == -signal.SIGKILL, (moment, done.stderr[-2000:])
        assert (orphans.find(), of(workspace)) == before, moment
        assert Tenant.objects.get(pk=workspace.tenant.pk).status == "archived"

    tasks.revive(workspace.tenant.pk, "", "test")
    until_status(door, workspace.host, 401)
    assert door.token(workspace)
    mine = Tenant.objects.get(pk=workspace.tenant.pk).schema_name
    assert mine not in orphans.find().schemas
