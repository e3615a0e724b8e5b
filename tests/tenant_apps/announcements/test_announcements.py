"""What a building's people are told: who sees it, when, and what remembers that they have read it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from tenant_apps.announcements import queries
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace, queries_of

PATH = "/api/announcements/"


def posted(by: Person, **fields: Any) -> dict[str, Any]:
    body = {"title": "Water is cut", "body": "On Monday from ten to noon.", **fields}
    return dict(by.post(PATH, body))


def listed(by: Person, query: str = "") -> set[int]:
    return {row["id"] for row in by.get(f"{PATH}?page_size=200{query}")["results"]}


def later(**span: float) -> str:
    return at(timezone.now() + timedelta(**span))


def at(moment: datetime) -> str:
    return moment.isoformat()


def test_residents_see_what_is_for_their_building_or_for_all(populated: PopulatedWorkspace) -> None:
    other = populated.manager.post(
        "/api/buildings/", {"name": f"Far {populated.building}", "address": "x"}
    )
    mine = posted(populated.manager, building=populated.building.pk)["id"]
    alls = posted(populated.staff)["id"]
    theirs = posted(populated.manager, building=other["id"])["id"]
    assert listed(populated.resident) & {mine, alls, theirs} == {mine, alls}
    assert populated.resident.ask("GET", f"{PATH}{theirs}/").status_code == 404
    assert populated.resident.ask("POST", f"{PATH}{theirs}/read/").status_code == 404
    assert {mine, alls, theirs} <= listed(populated.staff)


def test_residents_see_it_from_its_time_until_it_expires(populated: PopulatedWorkspace) -> None:
    scheduled = posted(populated.manager, publish_at=later(days=1))
    published = posted(populated.manager, expires_at=later(days=1))
    expired = posted(populated.manager, publish_at=later(days=-2), expires_at=later(days=-1))
    ids = {each["id"] for each in (scheduled, published, expired)}
    assert [each["state"] for each in (scheduled, published, expired)] == [
        "scheduled", "published", "expired",
    ]  # fmt: skip
    assert listed(populated.resident) & ids == {published["id"]}
    for state, row in (("scheduled", scheduled), ("published", published), ("expired", expired)):
        assert listed(populated.manager, f"&state={state}") & ids == {row["id"]}
    assert populated.resident.ask("GET", f"{PATH}{scheduled['id']}/").status_code == 404


def test_it_cant_expire_before_it_appears(populated: PopulatedWorkspace) -> None:
    body = {"title": "x", "body": "y", "publish_at": later(days=2), "expires_at": later(days=1)}
    assert "expires_at" in populated.manager.post(PATH, body, status=400)["errors"]
    made = posted(populated.manager, expires_at=later(days=1))
    answer = populated.manager.ask(
        "PATCH", f"{PATH}{made['id']}/", json={"publish_at": later(days=3)}
    )
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["expires_at"])


def test_reading_is_noted_once_for_each_reader(populated: PopulatedWorkspace) -> None:
    made = posted(populated.manager, building=populated.building.pk)
    path = f"{PATH}{made['id']}/"
    assert made["id"] in listed(populated.resident, "&unread=true")
    first = populated.resident.post(f"{path}read/", status=200)
    again = populated.resident.post(f"{path}read/", status=200)
    assert first["read_at"] == again["read_at"] is not None
    assert made["id"] not in listed(populated.resident, "&unread=true")
    assert populated.neighbour.get(path)["read_at"] is None
    assert populated.manager.get(path)["read_by"] == 1
    with inside(populated.schema):
        unread = queries.unread_by(populated.neighbour.user)
        assert made["id"] in unread.values_list("pk", flat=True)
        assert made["id"] not in queries.unread_by(populated.resident.user).values_list(
            "pk", flat=True
        )


@pytest.mark.parametrize("role", ["owner", "manager"])
def test_managers_change_and_delete_any_and_staff_their_own(
    populated: PopulatedWorkspace, role: str
) -> None:
    by_staff, by_manager = posted(populated.staff), posted(populated.manager)
    body = {"pinned": True}
    staffs, managers = (f"{PATH}{each['id']}/" for each in (by_staff, by_manager))
    assert populated.staff.ask("PATCH", managers, json=body).status_code == 404
    assert populated.staff.ask("DELETE", managers).status_code == 404
    assert populated.staff.ask("PATCH", staffs, json=body).json()["pinned"] is True
    person: Person = getattr(populated, role)
    assert person.ask("PATCH", staffs, json={"title": "Mended"}).json()["title"] == "Mended"
    assert person.ask("DELETE", staffs).status_code == 204
    with inside(populated.schema):
        entry = Entry.objects.filter(target_id=str(by_staff["id"])).latest("pk")
        assert (entry.action, entry.actor) == ("announcement.withdrawn", person.user.email)


def test_residents_post_change_and_delete_none(populated: PopulatedWorkspace) -> None:
    path = f"{PATH}{posted(populated.manager)['id']}/"
    assert populated.resident.ask("POST", PATH, json={"title": "a", "body": "b"}).status_code == 403
    assert populated.resident.ask("PATCH", path, json={"title": "a"}).status_code == 403
    assert populated.resident.ask("DELETE", path).status_code == 403


def test_a_change_on_a_version_that_is_no_more_is_refused(populated: PopulatedWorkspace) -> None:
    path = f"{PATH}{posted(populated.manager)['id']}/"
    seen = populated.manager.ask("GET", path).headers["ETag"]
    assert populated.owner.ask("PATCH", path, json={"title": "Theirs"}).status_code == 200
    stale = populated.manager.ask("PATCH", path, json={"title": "Mine"}, headers={"If-Match": seen})
    assert stale.status_code == 412
    assert populated.manager.get(path)["title"] == "Theirs"


def test_a_list_costs_the_same_however_long(populated: PopulatedWorkspace) -> None:
    posted(populated.manager, building=populated.building.pk)
    path = f"{PATH}?building={populated.building.pk}"
    few = queries_of(populated, path)
    for _ in range(12):
        posted(populated.staff, building=populated.building.pk)
    assert queries_of(populated, path) == few
