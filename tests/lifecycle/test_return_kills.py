"""kill -9 while data comes back from an archive: it is as before, and the next try does it all."""

from __future__ import annotations

import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from devstack import pgbinaries
from devstack.processes import ROOT
from public_apps.tenants import offboarding_hooks
from public_apps.tenants.archives import backup, restore, writer
from public_apps.tenants.models import KeptSchema, Tenant
from public_apps.tenants.offboarding import departures, orphans, steps, tasks
from tests.core.web_stack import HttpClient, WebStack, Workspace, create_workspace
from tests.lifecycle.leaving import of
from tests.tenants.test_hosts import until_status

ROW_LEADS_THERE = '"migrations_fingerprint" ='
# The schema is built and a table is filled, the departure is called off, the row leads there.
REVIVAL = ("setval", 'UPDATE "tenants_departure"', ROW_LEADS_THERE)
# Earlier ones: tests/archives/test_kills.py.
RESTORE = (ROW_LEADS_THERE,)
CONFIRMATION = ('DELETE FROM "tenants_keptschema"', "DROP SCHEMA")


@pytest.fixture(autouse=True)
def store(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A store of the test's own, in use for departures, too."""
    settings.ARCHIVE_STORE = str(tmp_path / "store")
    settings.PG_DUMP = pgbinaries.pg_dump()
    monkeypatch.setattr(offboarding_hooks, "_storages", [backup.StoredArchives()])


def killed(
    web_stack: WebStack, what: str, workspace: Workspace, moment: str, *, archive: Path, store: str
) -> None:
    """Let a process do it that dies at this moment."""
    words = [what, str(workspace.tenant.pk), str(archive), moment]
    done = subprocess.run(
        [sys.executable, "-m", "tests.lifecycle.doomed_at", *words],
        cwd=ROOT, env={**web_stack.stack.env, "ARCHIVE_STORE": store},
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, (moment, done.stderr[-2000:])


def standing(workspace: Workspace) -> tuple[object, ...]:
    """Return all that a kill may not change."""
    row = Tenant.objects.get(pk=workspace.tenant.pk)
    kept = list(KeptSchema.objects.filter(tenant=row).values_list("schema_name", flat=True))
    there = [name for name in (row.schema_name, *kept) if orphans.is_there(name)]
    return orphans.find(), row.status, row.schema_name, kept, there


def test_a_return_is_all_done_or_not_at_all(
    web_stack: WebStack, http_client: HttpClient, settings: Settings, tmp_path: Path
) -> None:
    workspace = create_workspace()
    departures.plan_archive(tenant=workspace.tenant, begins_at=timezone.now(), by="test")
    steps.proceed(of(workspace).pk)
    before = standing(workspace)
    for moment in REVIVAL:
        killed(
            web_stack, "revive", workspace, moment, archive=tmp_path, store=settings.ARCHIVE_STORE
        )
        assert standing(workspace) == before, moment
        assert of(workspace).undone_at is None

    tasks.revive(workspace.tenant.pk, "", "test")
    until_status(http_client, workspace.host, 401)
    assert http_client.token(workspace)
    mine = Tenant.objects.get(pk=workspace.tenant.pk).schema_name
    assert mine not in orphans.find().schemas


def test_a_restore_is_swapped_or_not_and_confirmed_or_not(
    web_stack: WebStack, http_client: HttpClient, settings: Settings, tmp_path: Path
) -> None:
    workspace, archive = create_workspace(), tmp_path / "archive.zip"
    writer.export(workspace.tenant, to=archive)
    before = standing(workspace)
    for moment in RESTORE:
        killed(
            web_stack, "restore", workspace, moment, archive=archive, store=settings.ARCHIVE_STORE
        )
        assert standing(workspace) == before, moment
    restore.restore(workspace.tenant, path=archive)

    long_ago = timezone.now() - timedelta(minutes=2)
    KeptSchema.objects.filter(tenant=workspace.tenant).update(swapped_at=long_ago)
    swapped = standing(workspace)
    for moment in CONFIRMATION:
        killed(
            web_stack, "confirm", workspace, moment, archive=archive, store=settings.ARCHIVE_STORE
        )
        assert standing(workspace) == swapped, moment
    restore.confirm(workspace.tenant)
    assert not orphans.is_there(workspace.tenant.schema_name)
    assert http_client.token(workspace)
