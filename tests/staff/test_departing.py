"""What staff do about tenants that leave: put off, kept, brought back, erased; all of it recorded."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings as given
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob
from pytest_django import Settings

from devstack import pgbinaries
from public_apps.audit.models import Entry
from public_apps.core.models import OutgoingMail
from public_apps.tenants import offboarding_hooks
from public_apps.tenants.archives import backup
from public_apps.tenants.models import Domain, Tenant
from public_apps.tenants.offboarding import departures, orphans, retention, steps, tasks
from tests.core.web_stack import HttpClient, WebStack, Workspace, create_workspace
from tests.lifecycle.leaving import later, of, over
from tests.staff.desk import Desk, member_of
from tests.tenants.test_hosts import until_status


@pytest.fixture
def anna(http_client: HttpClient) -> Desk:
    """A colleague who may do everything."""
    return member_of(http_client, "operator")[0]


@pytest.fixture
def store(tmp_path: Path, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A store of the test's own, in use for departures."""
    settings.ARCHIVE_STORE = str(tmp_path / "store")
    settings.PG_DUMP = pgbinaries.pg_dump()
    monkeypatch.setattr(offboarding_hooks, "_storages", [backup.StoredArchives()])
    return tmp_path / "store"


def page_of(workspace: Workspace) -> str:
    return f"tenants/tenant/{workspace.tenant.pk}"


def recorded(workspace: Workspace, action: str) -> dict[str, object]:
    """Return what the audit log says of a deed."""
    entry = Entry.objects.filter(action=action, target_id=str(workspace.tenant.pk)).latest("pk")
    detail: dict[str, object] = entry.detail
    return detail


def test_an_archive_is_put_off_and_its_owner_told_anew(web_stack: WebStack, anna: Desk) -> None:
    workspace = over()
    retention.plan_due()
    retention.enqueue_notices()
    day = timezone.localdate() + timedelta(days=100)
    path = f"{page_of(workspace)}/put-off/"
    assert "This day is over" in anna.submit(path, reason="r", until="2020-01-01").text
    assert anna.submit(path, reason="they asked", until=day.isoformat()).status_code == 302
    planned = of(workspace)
    assert timezone.localdate(planned.begins_at - timedelta(seconds=1)) == day
    retention.enqueue_notices()
    retention.enqueue_notices()
    told = OutgoingMail.objects.filter(kind=retention.NOTICE, to=workspace.owner)
    assert {mail.key for mail in told} == {f"{planned.pk - 1}:1", f"{planned.pk}:1"}
    assert len(told) == 2
    assert recorded(workspace, "tenant.archive_put_off")["reason"] == "they asked"
    departures.undo(tenant=workspace.tenant, by="test")
    assert "could be put off" in anna.submit(path, reason="r", until=day.isoformat()).text


def test_archived_now_stored_dropped_and_brought_back_as_it_was(
    web_stack: WebStack, anna: Desk, http_client: HttpClient, store: Path
) -> None:
    workspace = create_workspace()
    answers = {"reason": "they left", "drop": "on"}
    assert anna.submit(f"{page_of(workspace)}/archive/", **answers).status_code == 302
    steps.proceed(of(workspace).pk)
    dropped = workspace.tenant.schema_name
    assert not orphans.is_there(dropped)
    page = anna.get(f"{page_of(workspace)}/change/").text
    assert "/bring-back/" in page
    assert "/keep/" not in page

    assert "be undone" in anna.submit(f"{page_of(workspace)}/keep/", reason="r").text
    back = anna.submit(f"{page_of(workspace)}/bring-back/", reason="they are back")
    assert back.status_code == 302
    job = ProcrastinateJob.objects.get(task_name__endswith=".revive", status="todo")
    for _ in range(2):  # once more, as a worker may
        tasks.revive(job.args["tenant_id"], job.args["label"], job.args["by"])
    now = Tenant.objects.get(pk=workspace.tenant.pk)
    assert (now.status, now.schema_name == dropped) == ("active", False)
    until_status(http_client, workspace.host, 401)
    assert http_client.token(workspace), "with the password that she had"
    assert Entry.objects.filter(action="tenant.revived", target_id=str(now.pk)).count() == 1
    assert not {dropped, now.schema_name} & {*orphans.find().schemas, *orphans.find().rows}


def test_who_comes_back_late_needs_an_address_that_is_free(
    web_stack: WebStack, anna: Desk, http_client: HttpClient, store: Path
) -> None:
    workspace, neighbour = create_workspace(), create_workspace()
    departures.plan_archive(tenant=workspace.tenant, begins_at=timezone.now(), by="test")
    steps.proceed(of(workspace).pk)
    steps.proceed(later(workspace, days=31).pk)
    assert not Domain.objects.filter(tenant=workspace.tenant).exists()
    path = f"{page_of(workspace)}/bring-back/"
    taken = neighbour.host.partition(".")[0]
    for label in ("", "no such name", taken):
        assert anna.submit(path, reason="r", label=label).status_code == 200, label
    label = f"{workspace.host.partition('.')[0]}-2"
    assert anna.submit(path, reason="r", label=label).status_code == 302
    tasks.revive(workspace.tenant.pk, label, "test")
    until_status(http_client, f"{label}.{given.TENANT_BASE_DOMAIN}", 401)


def test_an_archive_that_is_damaged_brings_nothing_back_and_staff_read_why(
    web_stack: WebStack, store: Path
) -> None:
    workspace = create_workspace()
    departures.plan_archive(tenant=workspace.tenant, begins_at=timezone.now(), by="test")
    steps.proceed(of(workspace).pk)
    kept = store / of(workspace).stored_as
    whole = kept.read_bytes()
    before = orphans.find()
    for spoilt in (whole[: len(whole) // 2], b""):
        kept.write_bytes(spoilt)
        tasks.revive(workspace.tenant.pk, "", "test")
        assert "ArchiveRefused" in str(recorded(workspace, "tenant.not_revived")["error"])
    kept.unlink()
    tasks.revive(workspace.tenant.pk, "", "test")
    assert "can't be read" in str(recorded(workspace, "tenant.not_revived")["error"])
    assert orphans.find() == before
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == "archived"
    kept.write_bytes(whole)
    tasks.revive(workspace.tenant.pk, "", "test")
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == "active"


def test_erasing_takes_the_name_typed_and_can_be_undone_for_a_week(
    web_stack: WebStack, anna: Desk
) -> None:
    workspace = create_workspace()
    path = f"{page_of(workspace)}/erase/"
    assert "not the name" in anna.submit(path, reason="r", name="Another").text
    assert departures.current(workspace.tenant) is None
    assert anna.submit(path, reason="asked", name=workspace.tenant.name).status_code == 302
    departure = of(workspace)
    assert (departure.aim, departure.begins_at > timezone.now()) == ("erasure", True)
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == "suspended"
    assert recorded(workspace, "tenant.deletion_asked")["reason"] == "asked"
    assert anna.submit(f"{page_of(workspace)}/keep/", reason="a mistake").status_code == 302
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == "active"
    assert recorded(workspace, "tenant.kept")["reason"] == "a mistake"
