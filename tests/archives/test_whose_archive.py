"""An archive comes back to the workspace that it was made of, and to no other."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings

from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.tenants import domains, offboarding_hooks
from public_apps.tenants.archives import backup, restore_test, writer
from public_apps.tenants.archives.manifest import ArchiveRefused
from public_apps.tenants.models import KeptSchema, Tenant
from public_apps.tenants.offboarding import departures, reactivation, steps
from tests.archives.furnished import members
from tests.archives.tampering import altered, nothing_left, telling
from tests.core.web_stack import WebStack, Workspace, create_workspace
from tests.lifecycle.leaving import of


@pytest.fixture
def store(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the test's own, in use for departures, too."""
    settings.ARCHIVE_STORE = str(tmp_path / "store")
    monkeypatch.setattr(offboarding_hooks, "_storages", [backup.StoredArchives()])
    return tmp_path / "store"


@pytest.fixture
def archived(web_stack: WebStack, tmp_path: Path) -> tuple[Workspace, Path]:
    """A workspace and its archive."""
    workspace, path = create_workspace(), tmp_path / "archive.zip"
    writer.export(workspace.tenant, to=path)
    return workspace, path


def restore(workspace: Workspace, path: Path, *arguments: str) -> None:
    """Do it as an operator does."""
    label = domains.label_of(workspace.host)
    call_command("tenant", "restore", label, "--from", str(path), *arguments)


def people(workspace: Workspace) -> set[str]:
    """Return who is in a workspace now."""
    with inside(Tenant.objects.get(pk=workspace.tenant.pk).schema_name):
        return set(User.objects.values_list("email", flat=True))


def of_an_earlier_release(path: Path) -> Path:
    """Return the archive as it would be without a word of whose it is."""
    told = json.loads(members(path, "")["manifest.json"])["tenant"]
    del told["identity"]
    return altered(path, telling(tenant=told), sealed=True)


Made = Callable[[Path], Path]


@pytest.mark.parametrize("made", [Path, of_an_earlier_release])
@pytest.mark.parametrize("arguments", [(), ("--trust",)])
def test_nobody_elses_archive_is_restored(
    archived: tuple[Workspace, Path], made: Made, arguments: tuple[str, ...]
) -> None:
    first, path = archived
    other = create_workspace()
    with nothing_left(), pytest.raises(CommandError, match=first.tenant.schema_name):
        restore(other, made(path), *arguments)
    assert people(other) == {other.owner}
    restore(first, made(path), *arguments)
    assert people(first) == {first.owner}


def test_who_was_imported_from_an_archive_is_another_workspace(
    archived: tuple[Workspace, Path],
) -> None:
    workspace, path = archived
    call_command(
        "tenant", "import", str(path), "--as", f"{workspace.tenant.schema_name[2:12]}-copy"
    )
    copy = Tenant.objects.order_by("-pk")[0]
    assert copy.identity != workspace.tenant.identity
    with pytest.raises(CommandError, match="tenant import"):
        call_command("tenant", "restore", copy.schema_name, "--from", str(path))


def test_an_earlier_releases_archive_comes_back_after_a_restore_if_somebody_says_whose_it_was(
    archived: tuple[Workspace, Path],
) -> None:
    workspace, path = archived
    made_of, old = workspace.tenant.schema_name, of_an_earlier_release(path)
    restore(workspace, path)
    KeptSchema.objects.filter(tenant=workspace.tenant).delete()  # confirmed, but for its schema
    with pytest.raises(CommandError, match=f"--of {made_of}"):
        restore(workspace, old)
    with pytest.raises(CommandError, match=f"--of {made_of}"):
        restore(workspace, old, "--of", "t_" + "0" * 24)
    restore(workspace, old, "--of", made_of)
    with pytest.raises(CommandError, match="tenant import"):
        restore(create_workspace(), path, "--of", made_of)


def test_who_comes_back_is_not_somebody_else(web_stack: WebStack, store: Path) -> None:
    gone, other = create_workspace(), create_workspace()
    for each in (gone, other):
        departures.plan_archive(tenant=each.tenant, begins_at=timezone.now(), by="test")
        steps.proceed(of(each).pk)
    shutil.copyfile(store / of(other).stored_as, store / of(gone).stored_as)
    with nothing_left(), pytest.raises(CommandError, match=other.tenant.schema_name):
        call_command("tenant", "revive", gone.tenant.schema_name)
    reactivation.carry_out(tenant=gone.tenant, label="", by="a button of staff's")
    assert of(gone).undone_at is None
    with pytest.raises(ArchiveRefused):
        reactivation.revive(gone.tenant, by="test")
    call_command("tenant", "revive", other.tenant.schema_name)
    assert people(other) == {other.owner}


def test_a_restore_test_fails_for_a_backup_of_somebody_else(
    web_stack: WebStack, store: Path
) -> None:
    mine, theirs = create_workspace(), create_workspace()
    for each in (mine, theirs):
        call_command("backup", "--tenant", each.tenant.schema_name)
    key = str(backup.newest(mine.tenant))
    assert restore_test.rehearse_with(mine.tenant, key).error == ""
    shutil.copyfile(store / str(backup.newest(theirs.tenant)), store / key)
    assert theirs.tenant.schema_name in restore_test.rehearse_with(mine.tenant, key).error
