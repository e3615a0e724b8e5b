"""A restore is built beside and swapped; what was before is kept until somebody confirms."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import CommandError, call_command

from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.tenants import domains
from public_apps.tenants.archives import writer
from public_apps.tenants.models import KeptSchema, Tenant
from public_apps.tenants.offboarding import departures, orphans, steps
from tests.archives.furnished import contents_of
from tests.core.web_stack import WebStack, Workspace, create_workspace
from tests.lifecycle.leaving import later, of


def schema_of(workspace: Workspace) -> str:
    """Return the schema that the tenant's row points to now."""
    return str(Tenant.objects.get(pk=workspace.tenant.pk).schema_name)


def rename(workspace: Workspace, name: str) -> None:
    """Change something."""
    with inside(schema_of(workspace)):
        User.objects.filter(email=workspace.owner).update(first_name=name)


def name_of(workspace: Workspace) -> str:
    """Return what was changed."""
    with inside(schema_of(workspace)):
        return User.objects.get(email=workspace.owner).first_name


def test_a_restore_is_undone_and_done_and_confirmed(web_stack: WebStack, tmp_path: Path) -> None:
    workspace, label = create_workspace(), ""
    label = domains.label_of(workspace.host)
    first, then = schema_of(workspace), contents_of(schema_of(workspace))
    call_command("tenant", "export", label, "--to", str(tmp_path))
    archive = tmp_path / f"{label}.zip"
    rename(workspace, "Later")

    call_command("tenant", "restore", label, "--from", str(archive))
    second = schema_of(workspace)
    assert second != first
    assert contents_of(second) == then
    assert name_of(workspace) == "Eleni"
    assert web_stack.http_client().sign_in(workspace).status_code == 200
    with pytest.raises(CommandError, match="confirm"):
        call_command("tenant", "restore", label, "--from", str(archive))

    call_command("tenant", "restore", label, "--undo")
    assert (schema_of(workspace), name_of(workspace)) == (first, "Later")
    call_command("tenant", "restore", label, "--undo")
    assert (schema_of(workspace), name_of(workspace)) == (second, "Eleni")

    with pytest.raises(CommandError, match="still be at work"):
        call_command("tenant", "restore", label, "--confirm")
    assert first not in orphans.find().schemas
    kept = KeptSchema.objects.get(tenant=workspace.tenant)
    kept.swapped_at -= timedelta(minutes=2)
    kept.save()
    call_command("tenant", "restore", label, "--confirm")
    assert not orphans.is_there(first)
    assert orphans.is_there(second)


def test_erasing_a_tenant_takes_what_is_kept_of_it_along(
    web_stack: WebStack, tmp_path: Path
) -> None:
    workspace, path = create_workspace(), tmp_path / "a.zip"
    writer.export(workspace.tenant, to=path)
    label = domains.label_of(workspace.host)
    call_command("tenant", "restore", label, "--from", str(path))
    both = {schema_of(workspace), KeptSchema.objects.get(tenant=workspace.tenant).schema_name}
    departures.request_erasure(tenant=workspace.tenant, by=workspace.owner)
    steps.proceed(later(workspace, days=8).pk)
    assert of(workspace).erased_at
    assert not any(map(orphans.is_there, both))


def test_an_archive_becomes_a_tenant_by_command(
    archive: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    call_command("tenant", "import", str(archive), "--as", "by-command")
    assert "http://by-command.localhost" in capsys.readouterr().out
    with pytest.raises(CommandError, match="is taken"):
        call_command("tenant", "import", str(archive), "--as", "by-command")
