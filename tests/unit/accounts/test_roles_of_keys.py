"""A key acts in its own role everywhere, and the log tells it from its person."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from public_apps.accounts.api_keys import actions as api_keys
from public_apps.accounts.models import Role, User
from public_apps.audit import audit
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from tenant_apps.announcements import actions as announcements
from tenant_apps.announcements.models import Announcement, Read
from tenant_apps.buildings import actions as buildings
from tenant_apps.requests import actions as requests
from tenant_apps.votes import actions as votes
from tests.unit.visitors import HOST


@pytest.fixture
def owner(tenant: Tenant) -> User:
    """An owner of a workspace in which there is something of each kind."""
    owner = User.objects.create_user("vera@unit.example", role=Role.OWNER)
    building = buildings.add_building(name="Olive", address="Elaion 4")
    now = timezone.now()
    votes.call_vote(
        by=owner, building=building, title="A new roof", choices=["Yes", "No"],
        opens_at=now, closes_at=now + timedelta(days=1),
    )  # fmt: skip
    announcements.post(by=owner, building=building, title="Water off", body="At nine.")
    other = User.objects.create_user("nikos@unit.example", role=Role.MANAGER)
    requests.open_request(by=other, building=building, title="Lift", description="It stands still.")
    return owner


def machine(owner: User, role: Role) -> Client:
    """Return a client that acts by a key of the owner's."""
    _row, secret = api_keys.make(user=owner, name="door", role=role)
    return Client(headers={"Host": HOST, "Authorization": f"Bearer {secret}"})


def seen(client: Client, path: str) -> list[Any]:
    """Return what is listed."""
    answer = client.get(path)
    assert answer.status_code == 200, answer.content
    rows: list[Any] = answer.json()["results"]
    return rows


@pytest.mark.parametrize("path", ["/api/votes/", "/api/announcements/", "/api/requests/"])
def test_a_residents_key_of_an_owner_sees_what_a_resident_sees(owner: User, path: str) -> None:
    whole, narrow = machine(owner, Role.OWNER), machine(owner, Role.RESIDENT)
    assert len(seen(whole, path)) == 1
    assert seen(narrow, path) == []


def test_the_log_tells_a_key_from_its_person(tenant: Tenant, owner: User) -> None:
    client = machine(owner, Role.MANAGER)
    assert client.delete(f"/api/announcements/{Announcement.objects.get().pk}/").status_code == 204
    with inside(tenant.schema_name):
        told = Entry.objects.filter(action="announcement.withdrawn").latest("pk")
        assert (told.actor, told.api_key) == (owner.email, str(owner.api_keys.get()))
        assert Entry.objects.get(action="api_key.made").api_key == ""


def test_what_our_support_reads_nobody_has_read(owner: User) -> None:
    found = Announcement.objects.get()
    with audit.impersonated_by("anna@staff.example"):
        announcements.mark_read(announcement=found, by=owner)
    assert not Read.objects.exists()
    announcements.mark_read(announcement=found, by=owner)
    assert Read.objects.get().user == owner
