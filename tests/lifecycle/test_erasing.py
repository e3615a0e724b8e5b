"""An owner deletes the workspace: suspended at once, undone for a week, then erased, with a proof."""

from __future__ import annotations

import hashlib
import json
import time

import pytest
from django.utils import timezone

from billing.models import StripeEvent
from public_apps.core import mail
from public_apps.core.errors import Refused
from public_apps.core.models import IdempotentRequest, OutgoingMail
from public_apps.onboarding.models import Signup
from public_apps.tenants import suspension
from public_apps.tenants.models import Departure, Tenant
from public_apps.tenants.offboarding import departures, orphans, retention, steps
from public_apps.tenants.offboarding.tasks import erase_late
from tests.billing.stripe_stack import StripeStack
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, Workspace, create_workspace
from tests.lifecycle.folder_vault import FolderVault
from tests.lifecycle.leaving import later, of, over, public_rows_with
from tests.tenants.test_hosts import STALE_FOR

API = "/api/deletion/"


def until_paused(http_client: HttpClient, workspace: Workspace, token: str) -> None:
    """Wait until every process knows that the workspace is suspended."""
    began = time.monotonic()
    headers = {"Authorization": f"Bearer {token}"}
    while (
        http_client.ask("GET", "/api/buildings/", host=workspace.host, headers=headers).status_code
        != 402
    ):
        assert time.monotonic() - began < STALE_FOR
        time.sleep(0.1)


def with_traces(workspace: Workspace) -> None:
    """Leave in public what a buyer leaves."""
    now = timezone.now()
    tenant = workspace.tenant
    Signup.objects.create(
        organization="Court", requested_subdomain="x", subdomain=tenant.schema_name[:40],
        email=workspace.owner, first_name="Eleni", last_name="Papadaki", plan="starter",
        interval="month", paid_at=now, tenant=tenant, workspace_at=now, address_at=now,
    )  # fmt: skip
    OutgoingMail.objects.create(
        kind="welcome", key=tenant.schema_name, to=workspace.owner, next_attempt_at=now, sent_at=now
    )
    IdempotentRequest.objects.create(
        scope=f"{tenant.schema_name}:1", key="k", fingerprint="f", leased_until=now,
        answered_at=now, status=200, body={"email": workspace.owner},
    )  # fmt: skip


def test_asking_takes_name_and_password_and_suspends_at_once(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    token = http_client.token(workspace)
    headers = {"Authorization": f"Bearer {token}"}

    def ask(name: str, password: str) -> tuple[int, list[str]]:
        said = {"name": name, "password": password}
        answer = http_client.ask("POST", API, host=workspace.host, headers=headers, json=said)
        return answer.status_code, list(answer.json().get("errors", {}))

    assert http_client.ask("GET", API, host=workspace.host, headers=headers).status_code == 404
    assert ask("Another", PASSWORD) == (400, ["name"])
    assert ask(workspace.tenant.name, "wrong") == (400, ["password"])
    assert departures.current(workspace.tenant) is None
    assert ask(workspace.tenant.name, PASSWORD)[0] == 201
    assert ask(workspace.tenant.name, PASSWORD)[0] == 201, "asked twice, it counts once"
    until_paused(http_client, workspace, token)
    shown = http_client.ask("GET", API, host=workspace.host, headers=headers).json()
    assert (shown["aim"], shown["can_be_undone"]) == ("erasure", True)
    told = OutgoingMail.objects.get(kind=departures.ASKED, to=workspace.owner)
    mail.send(mail_id=told.pk)
    told.refresh_from_db()
    assert told.sent_at, told.error

    assert http_client.ask("DELETE", API, host=workspace.host, headers=headers).status_code == 204
    assert http_client.ask("DELETE", API, host=workspace.host, headers=headers).status_code == 409
    assert Tenant.objects.get(pk=workspace.tenant.pk).status == "active"


def test_undoing_takes_no_word_of_staffs_back(web_stack: WebStack) -> None:
    workspace = create_workspace()
    suspension.hold(tenant=workspace.tenant, reason="a dispute", by="anna@newconcierge.example")
    departures.request_erasure(tenant=workspace.tenant, by=workspace.owner)
    departures.undo(tenant=workspace.tenant, by=workspace.owner)
    assert Tenant.objects.get(pk=workspace.tenant.pk).held_at is not None


def test_for_a_week_nothing_is_gone(web_stack: WebStack) -> None:
    workspace = create_workspace()
    departures.request_erasure(tenant=workspace.tenant, by=workspace.owner)
    departure = steps.proceed(later(workspace, days=6.9).pk)
    assert departure is not None
    assert departure.unpaid_at, "nobody is charged meanwhile"
    assert (departure.closed_at, departure.dropped_at) == (None, None)
    assert orphans.is_there(workspace.tenant.schema_name)
    departures.undo(tenant=workspace.tenant, by=workspace.owner)


def test_then_nothing_about_its_people_is_left_and_a_proof_says_what_was_done(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace, neighbour = create_workspace(), create_workspace()
    with_traces(workspace)
    with_traces(neighbour)
    departures.request_erasure(tenant=workspace.tenant, by=workspace.owner)
    assert public_rows_with(workspace.owner)
    departure = steps.proceed(later(workspace, days=8).pk)
    assert departure is not None
    assert departure.error == ""
    assert departure.erased_at
    assert not orphans.is_there(workspace.tenant.schema_name)
    assert public_rows_with(workspace.owner) == []
    # The court's name is in its host, too, which stays taken for a while.
    assert public_rows_with(workspace.tenant.name) == ["tenants_domain"]

    proof = dict(departure.proof)
    digest = proof.pop("sha256")
    assert digest == hashlib.sha256(json.dumps(proof, sort_keys=True).encode()).hexdigest()
    assert (proof["people"], proof["rows"]["signup"], proof["rows"]["requests"]) == (1, 1, 1)

    with pytest.raises(Refused):
        departures.undo(tenant=workspace.tenant, by="test")
    assert http_client.token(neighbour)
    assert Signup.objects.get(tenant=neighbour.tenant).email == neighbour.owner
    assert OutgoingMail.objects.filter(kind="welcome", to=neighbour.owner).exists()


def test_an_archived_tenant_is_erased_on_request_with_its_archive(
    web_stack: WebStack, vault: FolderVault
) -> None:
    workspace = over()
    retention.plan_due()
    steps.proceed(later(workspace, days=31).pk)
    assert list(vault.folder.iterdir())
    departures.request_erasure(tenant=workspace.tenant, by="manage.py")
    departure = of(workspace)
    steps.proceed(departure.pk)
    assert list(vault.folder.iterdir()), "not before a week"
    done = steps.proceed(later(workspace, days=8).pk)
    assert done is not None
    assert done.erased_at
    assert done.proof["archives"] == 1
    assert list(vault.folder.iterdir()) == []
    assert public_rows_with(workspace.owner) == []


def test_what_comes_in_late_is_erased_too(stripe_stack: StripeStack) -> None:
    """Stripe tells of an end after the end, and of more than what we act on."""
    eleni, kostas = stripe_stack.buy(), stripe_stack.buy()
    departures.request_erasure(tenant=eleni.tenant, by=eleni.order.email)
    departure = of(Workspace(tenant=eleni.tenant, host=eleni.host, owner=eleni.order.email))
    tenant, customer, address = eleni.tenant, eleni.customer_id, eleni.order.email
    Departure.objects.filter(pk=departure.pk).update(begins_at=timezone.now())
    steps.proceed(departure.pk)
    assert StripeEvent.objects.filter(tenant=tenant, payload__erased=True).exists()
    assert not StripeEvent.objects.filter(payload__icontains=address).exists()

    late = StripeEvent.objects.create(
        id=f"evt_{tenant.schema_name}", type="charge.updated", livemode=False, object_id="ch_1",
        payload={"data": {"object": {"customer": customer, "receipt_email": address}}},
        status="ignored", processed_at=timezone.now(),
    )  # fmt: skip
    erase_late(timestamp=0)
    erase_late(timestamp=0)  # and again, as every night
    late.refresh_from_db()
    assert late.payload["data"] == {"object": {"id": "ch_1"}}
    assert StripeEvent.objects.filter(payload__icontains=kostas.order.email).exists()
