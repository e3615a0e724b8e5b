"""A suspended workspace whose time is over: two mails, then archived, dropped, its domains freed."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from procrastinate.contrib.django.models import ProcrastinateJob

from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.errors import Refused
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from public_apps.tenants import domains, offboarding_hooks, schema_creation, suspension
from public_apps.tenants.custom_domains import subdomain_change
from public_apps.tenants.models import Departure, Domain, Tenant
from public_apps.tenants.offboarding import departures, orphans, retention, steps, tasks
from public_apps.tenants.offboarding.tasks import due, sweep_departures
from tests.core.web_stack import HttpClient, WebStack, Workspace, create_workspace
from tests.lifecycle.folder_vault import FolderVault
from tests.lifecycle.leaving import later, of, over, suspended
from tests.tenants.test_hosts import until_status


def notices(workspace: Workspace) -> list[str]:
    """Return the keys of the mails that were promised."""
    told = OutgoingMail.objects.filter(kind=retention.NOTICE, to=workspace.owner)
    return [each.key.partition(":")[2] for each in told.order_by("pk")]


def test_two_mails_go_out_before_anything_happens(web_stack: WebStack) -> None:
    workspace = suspended(settings.RETENTION_DAYS - 31)
    sweep_departures(timestamp=0)
    assert departures.current(workspace.tenant) is None
    since = timezone.now() - timedelta(days=settings.RETENTION_DAYS - 29)
    Tenant.objects.filter(pk=workspace.tenant.pk).update(suspended_at=since)
    sweep_departures(timestamp=0)
    sweep_departures(timestamp=0)
    assert notices(workspace) == ["1"]
    later(workspace, days=23.5)
    sweep_departures(timestamp=0)
    assert notices(workspace) == ["1", "2"]
    for outgoing in OutgoingMail.objects.filter(kind=retention.NOTICE, to=workspace.owner):
        mail.send(mail_id=outgoing.pk)
        outgoing.refresh_from_db()
        assert outgoing.sent_at, outgoing.error
    steps.proceed(of(workspace).pk)
    assert of(workspace).closed_at is None


def test_what_is_saved_behind_a_closing_door_is_in_what_is_kept(
    web_stack: WebStack, vault: FolderVault, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A process that knows the workspace for some seconds more says "saved", and it must be true."""
    monkeypatch.setattr(steps, "STILL_IN_USE", timedelta(minutes=1))
    workspace = create_workspace()
    schema = workspace.tenant.schema_name
    departures.plan_archive(tenant=workspace.tenant, begins_at=timezone.now(), by="test")
    departure = of(workspace)
    tasks.proceed(departure.pk)
    assert of(workspace).closed_at is not None
    assert (of(workspace).stored_at, orphans.is_there(schema)) == (None, True)
    with inside(schema):
        User.objects.create_user("late@sunny-court.example", role="resident")

    jobs = ProcrastinateJob.objects.filter(task_name=tasks.proceed.name, status="todo")
    [job] = jobs.filter(scheduled_at__gt=timezone.now() + timedelta(seconds=50))
    assert job.args == {"departure_id": departure.pk}
    later(workspace, minutes=1)
    tasks.proceed(departure.pk)
    assert not orphans.is_there(schema)
    assert "late@sunny-court.example" in (vault.folder / f"{schema}.rows").read_text()


def test_however_long_ago_it_was_the_mails_come_first(web_stack: WebStack) -> None:
    workspace = over(days=400)
    retention.plan_due()
    assert of(workspace).begins_at > timezone.now() + timedelta(days=29)


def test_then_it_is_stored_dropped_and_after_a_quarantine_its_domains_are_free(
    web_stack: WebStack, http_client: HttpClient, vault: FolderVault
) -> None:
    workspace, neighbour = over(), create_workspace()
    schema = workspace.tenant.schema_name
    retention.plan_due()
    departure = later(workspace, days=31)
    assert departure in due()
    gone = steps.proceed(departure.pk)
    assert gone is not None
    assert (gone.error, bool(gone.unpaid_at), bool(gone.stored_at)) == ("", True, True)
    assert not orphans.is_there(schema)
    assert workspace.owner in Path(gone.stored_as).read_text()
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == "archived"
    assert http_client.ask("GET", "/", host=workspace.host).status_code == 404
    assert http_client.token(neighbour)

    label = domains.label_of(workspace.host)
    later(workspace, days=29)
    assert steps.proceed(departure.pk) is not None
    assert domains.is_taken(label)
    later(workspace, days=2)
    assert departure in due()
    steps.proceed(departure.pk)
    assert not domains.is_taken(label)
    subdomain_change.change(tenant=neighbour.tenant, label=label, by="test")
    assert departure not in due()
    assert Tenant.objects.filter(pk=workspace.tenant.pk, schema_name=schema).exists(), (
        "the row stays"
    )


def test_without_a_store_nothing_is_dropped_and_what_hinders_is_told(
    web_stack: WebStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(offboarding_hooks, "_storages", [])
    workspace = over()
    retention.plan_due()
    departure = steps.proceed(later(workspace, days=31).pk)
    assert departure is not None
    assert "store" in departure.error
    assert orphans.is_there(workspace.tenant.schema_name)
    assert departure in due(), "it is tried again"
    departures.undo(tenant=workspace.tenant, by="test")


def test_who_pays_in_time_stays(web_stack: WebStack) -> None:
    workspace = over()
    retention.plan_due()
    planned = of(workspace)
    with transaction.atomic():
        locked = suspension.lock(workspace.tenant.pk)
        suspension.set_access(locked, suspended=False, reason="paid", cause="evt_1")
    planned.refresh_from_db()
    assert planned.undone_at
    steps.proceed(planned.pk)
    assert orphans.is_there(workspace.tenant.schema_name)


def test_whom_staff_hold_suspended_is_not_archived_by_the_clock(web_stack: WebStack) -> None:
    workspace = over()
    suspension.hold(tenant=workspace.tenant, reason="a dispute", by="anna@newconcierge.example")
    retention.plan_due()
    assert departures.current(workspace.tenant) is None


def test_a_closed_door_opens_again_until_the_schema_is_dropped(
    web_stack: WebStack,
    http_client: HttpClient,
    vault: FolderVault,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    workspace = over()
    retention.plan_due()
    monkeypatch.setattr(offboarding_hooks, "_storages", [])
    departure = steps.proceed(later(workspace, days=31).pk)
    assert departure is not None
    assert departure.closed_at
    departures.undo(tenant=workspace.tenant, by="anna@newconcierge.example")
    assert Tenant.objects.get(pk=workspace.tenant.pk).archived_at is None
    monkeypatch.setattr(offboarding_hooks, "_storages", [vault])
    Tenant.objects.filter(pk=workspace.tenant.pk).update(suspended_at=timezone.now())
    retention.plan_due()
    assert departures.current(workspace.tenant) is None


def test_what_is_dropped_cannot_be_undone(web_stack: WebStack, vault: FolderVault) -> None:
    workspace = over()
    retention.plan_due()
    departure = steps.proceed(later(workspace, days=31).pk)
    with pytest.raises(Refused):
        departures.undo(tenant=workspace.tenant, by="test")
    assert departure is not None
    for impossible in ({"freed_at": None, "dropped_at": None, "erased_at": timezone.now()},
                       {"stored_at": None}, {"closed_at": None}):  # fmt: skip
        with pytest.raises(IntegrityError), transaction.atomic():
            Departure.objects.filter(pk=departure.pk).update(**impossible)
    assert Domain.objects.filter(tenant=workspace.tenant).exists()


def test_a_tenant_whose_data_is_back_from_its_archive_lives_in_another_schema(
    web_stack: WebStack, http_client: HttpClient, vault: FolderVault
) -> None:
    workspace = over()
    retention.plan_due()
    steps.proceed(later(workspace, days=31).pk)
    dropped = workspace.tenant.schema_name
    with transaction.atomic():  # what restoring an archive does, with somebody else's empty rooms
        built = schema_creation.build_tenant()
        built.delete()
        Tenant.objects.filter(pk=workspace.tenant.pk).update(schema_name=built.schema_name)
        departures.revived(tenant=workspace.tenant, by="manage.py")
    assert Tenant.objects.get(pk=workspace.tenant.pk).archived_at is None
    until_status(http_client, workspace.host, 401)
    found = orphans.find()
    assert not {dropped, built.schema_name} & {*found.schemas, *found.rows}
    with pytest.raises(Refused):
        departures.revived(tenant=workspace.tenant, by="manage.py")
