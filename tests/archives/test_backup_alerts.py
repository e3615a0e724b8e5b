"""Staff are told when a backup can't be restored or is not made, once, and when that is over."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings

from devstack import mailbox
from public_apps.core import mail
from public_apps.monitoring import incidents
from public_apps.monitoring.models import Incident
from public_apps.tenants.archives import backup
from public_apps.tenants.archives.tasks import rehearse_restore
from public_apps.tenants.models import RestoreTest, Tenant
from staff.alerts import checks
from staff.tasks import watch_backups
from tests.archives.tampering import spoil
from tests.core.web_stack import WebStack, Workspace, create_workspace

OPS = "ops@archives.example"


@pytest.fixture(autouse=True)
def folder(web_stack: WebStack, tmp_path: Path, settings: Settings) -> Iterator[Path]:
    """A store of the test's own, and somebody to be told."""
    settings.ARCHIVE_STORE, settings.OPS_ALERT_EMAILS = str(tmp_path / "store"), (OPS,)
    yield tmp_path / "store"
    Incident.objects.filter(kind__in=("restore_failing", "backups_old")).delete()


def told(web_stack: WebStack, subject: str) -> list[str]:
    """Send what waits, and return the mails that staff got with such a subject."""
    for waiting in incidents.unsent():
        mail.send(mail_id=waiting)
    return [
        mailbox.plain_text(each)
        for each in mailbox.mails_to(OPS, folder=web_stack.stack.mail_dir)
        if subject in str(each["Subject"])
    ]


def check() -> None:
    """What the worker's watch does about restore tests."""
    kind, found = checks.CHECKS["restore_failing"]
    incidents.report(kind, found(timezone.now()) or {})


def kept(folder: Path, workspace: Workspace) -> Path:
    """Return the newest backup."""
    return folder / str(backup.newest(workspace.tenant))


def test_a_backup_that_was_damaged_is_told_until_one_comes_back(
    web_stack: WebStack, folder: Path
) -> None:
    workspace, other = create_workspace(), create_workspace()
    call_command("backup", "--tenant", workspace.tenant.schema_name)
    spoil(kept(folder, workspace))
    rehearse_restore(0)
    for _minute in range(3):
        check()
    [alert] = told(web_stack, "Alert: A backup can't be restored")
    assert kept(folder, workspace).name in alert
    assert "ArchiveRefused" in alert

    call_command("backup", "--tenant", other.tenant.schema_name)
    rehearse_restore(0)  # whoever else is well, this one is tested again
    check()
    assert RestoreTest.objects.filter(tenant=other.tenant, error="").count() == 1
    assert RestoreTest.objects.filter(tenant=workspace.tenant).count() == 2
    assert told(web_stack, "Over: A backup can't be restored") == []

    call_command("backup", "--tenant", workspace.tenant.schema_name)
    rehearse_restore(0)
    check()
    assert len(told(web_stack, "Over: A backup can't be restored")) == 1
    assert len(told(web_stack, "Alert: A backup can't be restored")) == 1


def test_nights_without_a_restore_test_are_told(folder: Path) -> None:
    tested = RestoreTest.objects.create(
        tenant=create_workspace().tenant, backup="tenant-1/x.backup.zip", milliseconds=1
    )
    check()
    assert not Incident.objects.filter(kind="restore_failing").exists()
    RestoreTest.objects.filter(pk=tested.pk).update(at=timezone.now() - timedelta(days=4))
    check()
    [line] = Incident.objects.get(kind="restore_failing", closed_at=None).lines
    assert "since" in line


def test_a_workspace_without_a_fresh_backup_is_told_until_it_has_one(
    web_stack: WebStack, folder: Path
) -> None:
    for each in backup.late():  # of other tests
        fresh = folder / backup.folder_of(each) / f"{timezone.now():{backup.STAMP}}{backup.BACKUP}"
        fresh.parent.mkdir(parents=True)
        fresh.touch()
    workspace = create_workspace()
    watch_backups(0)
    assert not Incident.objects.filter(kind="backups_old").exists(), "it has only just begun"
    long_ago = timezone.now() - timedelta(days=3)
    Tenant.objects.filter(pk=workspace.tenant.pk).update(claimed_at=long_ago, opened_at=long_ago)
    old = folder / backup.folder_of(workspace.tenant) / f"{long_ago:{backup.STAMP}}{backup.BACKUP}"
    old.parent.mkdir(parents=True)
    old.touch()
    watch_backups(0)
    watch_backups(0)
    [alert] = told(web_stack, "Alert: Workspaces have no fresh backup")
    assert workspace.tenant.schema_name in alert
    call_command("backup", "--tenant", workspace.tenant.schema_name)
    watch_backups(0)
    assert len(told(web_stack, "Over: Workspaces have no fresh backup")) == 1


def test_a_store_out_of_reach_is_told(folder: Path, settings: Settings) -> None:
    settings.ARCHIVE_STORE = "s3://archives"
    settings.ARCHIVE_S3 = type(settings.ARCHIVE_S3)(
        endpoint="http://127.0.0.1:9", region="us-east-1", key_id="x", secret="y"
    )
    watch_backups(0)
    [line] = Incident.objects.get(kind="backups_old", closed_at=None).lines
    assert "ARCHIVE_S3_ENDPOINT" in line
    settings.ARCHIVE_STORE = ""
    watch_backups(0)
    assert not Incident.objects.filter(kind="backups_old", closed_at=None).exists()
