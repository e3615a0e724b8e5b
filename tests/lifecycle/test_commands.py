"""What operators do from a shell: delete, keep, and name orphans."""

from __future__ import annotations

import pytest
from django.core.management import CommandError, call_command

from public_apps.tenants import domains
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding import departures, orphans, steps
from tests.core.web_stack import WebStack, create_workspace
from tests.lifecycle.folder_vault import FolderVault
from tests.lifecycle.leaving import of


def test_an_operator_deletes_and_keeps(
    web_stack: WebStack, capsys: pytest.CaptureFixture[str]
) -> None:
    workspace = create_workspace()
    label = domains.label_of(workspace.host)
    call_command("tenant", "delete", label)
    assert of(workspace).begins_at.isoformat() in capsys.readouterr().out
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == "suspended"
    call_command("tenant", "keep", label)
    assert departures.current(workspace.tenant) is None
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == "active"
    with pytest.raises(CommandError):
        call_command("tenant", "keep", label)


def test_an_operator_archives_for_good(web_stack: WebStack, vault: FolderVault) -> None:
    workspace = create_workspace()
    call_command("tenant", "archive", domains.label_of(workspace.host), "--drop")
    steps.proceed(of(workspace).pk)
    assert not orphans.is_there(workspace.tenant.schema_name)
    assert list(vault.folder.iterdir())


def test_orphans_are_named(web_stack: WebStack, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("tenant", "orphans")
    lines = capsys.readouterr().out.strip().splitlines()
    assert lines == (orphans.find().lines or ["no orphans"])
