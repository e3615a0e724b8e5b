"""Backups in a store: of everybody, taken up again, kept by number and age, and proven by restoring."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from public_apps.tenants import offboarding_hooks
from public_apps.tenants.archives import backup, reader, restore_test
from public_apps.tenants.models import RestoreTest
from public_apps.tenants.offboarding import departures, orphans, steps
from staff.doctor.archives import examine_archives
from tests.archives.tampering import spoil
from tests.core.web_stack import WebStack, Workspace, create_workspace
from tests.lifecycle.leaving import later, of


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the test's own, in use for departures, too."""
    settings.ARCHIVE_STORE = str(tmp_path / "store")
    monkeypatch.setattr(offboarding_hooks, "_storages", [backup.StoredArchives()])
    return tmp_path / "store"


def backups(folder: Path, workspace: Workspace) -> list[str]:
    """Return what is kept of a tenant."""
    kept = folder / backup.folder_of(workspace.tenant)
    return sorted(each.name for each in kept.iterdir()) if kept.exists() else []


def back_up_due(*workspaces: Workspace, fresh_for: timedelta) -> int:
    """Back up those of these that are due, and return how many; others' tenants would take long."""
    mine = {each.tenant.pk for each in workspaces}
    due = [each for each in backup.due(fresh_for=fresh_for) if each.pk in mine]
    outcomes = list(backup.back_up(due, parallel=2))
    assert all(each.key and not each.error for each in outcomes)
    return len(outcomes)


def test_everybody_is_backed_up_once_and_again_when_it_is_time(
    web_stack: WebStack, folder: Path
) -> None:
    first, second = create_workspace(), create_workspace()
    call_command("backup", "--tenant", first.tenant.schema_name)
    assert back_up_due(first, second, fresh_for=timedelta(hours=12)) == 1
    assert back_up_due(first, second, fresh_for=timedelta(hours=12)) == 0
    assert back_up_due(first, second, fresh_for=timedelta(0)) == 2
    assert len(backups(folder, first)) == len(backups(folder, second)) == 2
    with reader.opened(folder / str(backup.newest(first.tenant))) as archive:
        assert archive.manifest.schema == first.tenant.schema_name
    assert not list(folder.glob("**/*.part"))


def test_old_backups_go_by_number_and_age_but_never_the_last(
    web_stack: WebStack, folder: Path, settings: Settings
) -> None:
    workspace = create_workspace()
    kept = folder / backup.folder_of(workspace.tenant)
    kept.mkdir(parents=True)
    settings.BACKUP_KEEP, settings.BACKUP_KEEP_DAYS = 3, 10
    for days in (1, 2, 3, 4, 40):
        stamp = (timezone.now() - timedelta(days=days)).strftime(backup.STAMP)
        (kept / f"{stamp}{backup.BACKUP}").touch()
        (kept / f"{stamp}{backup.FINAL}").touch()
    assert len(backup.prune(workspace.tenant)) == 2
    settings.BACKUP_KEEP_DAYS = 1
    assert len(backup.prune(workspace.tenant)) == 2
    endings = [name[-len(backup.FINAL) :] for name in backups(folder, workspace)]
    assert endings.count(backup.FINAL) == 5
    assert len(endings) == 6


def test_a_backup_is_restored_to_see_whether_it_can_be(web_stack: WebStack, folder: Path) -> None:
    workspace = create_workspace()
    call_command("backup", "--tenant", workspace.tenant.schema_name)
    before = orphans.find()
    call_command("backup", "--test")
    report = RestoreTest.objects.order_by("-at")[0]
    assert (report.error, report.tenant_id) == ("", workspace.tenant.pk)
    assert report.rows > 100

    kept = folder / str(backup.newest(workspace.tenant))
    spoil(kept)
    with pytest.raises(CommandError, match="1 of 1 backups could not be restored"):
        call_command("backup", "--test")
    assert orphans.find() == before
    told = {finding.part: finding.verdict for finding in examine_archives()}
    assert told["restore test"] == "failing"
    assert told["pg_dump"] == "ok"
    kept.unlink()
    assert restore_test.rehearse() == []


def test_who_leaves_is_kept_in_the_store_until_erased(web_stack: WebStack, folder: Path) -> None:
    workspace = create_workspace()
    departures.plan_archive(tenant=workspace.tenant, begins_at=timezone.now(), by="test")
    departure = steps.proceed(of(workspace).pk)
    assert departure
    assert departure.dropped_at, departure.error
    with reader.opened(folder / departure.stored_as) as archive:
        assert archive.manifest.tenant["owner_email"] == workspace.owner
    departures.request_erasure(tenant=workspace.tenant, by=workspace.owner)
    steps.proceed(later(workspace, days=8).pk)
    assert backups(folder, workspace) == []


def test_without_a_store_everything_says_so(web_stack: WebStack, settings: Settings) -> None:
    settings.ARCHIVE_STORE = ""
    with pytest.raises(CommandError, match="ARCHIVE_STORE"):
        call_command("backup", "--all")
    with pytest.raises(offboarding_hooks.StepBlocked):
        offboarding_hooks.archive_storage().store(create_workspace().tenant)
    assert any("ARCHIVE_STORE" in finding.detail for finding in examine_archives())
