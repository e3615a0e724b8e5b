"""Requests: who sees them, how they move, what is said and attached, and who hears of it."""

from __future__ import annotations

import threading
from typing import Any

import pytest
import requests
from django.db import IntegrityError, transaction

from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from tenant_apps.requests import queries
from tenant_apps.requests.models import ServiceRequest
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace, queries_of
from tests.tenant_apps.files import samples

PATH = "/api/requests/"


def opened(
    populated: PopulatedWorkspace, by: Person | None = None, **fields: Any
) -> dict[str, Any]:
    body = {
        "building": populated.building.pk,
        "title": "The lift is stuck",
        "category": "lift",
        **fields,
    }
    return dict((by or populated.resident).post(PATH, body))


def path_of(request: dict[str, Any], deed: str = "") -> str:
    return f"{PATH}{request['id']}/{deed}"


def moved(by: Person, request: dict[str, Any], to: str, *, status: int = 200) -> dict[str, Any]:
    return dict(by.post(path_of(request, "transitions/"), {"status": to}, status=status))


def uploaded(by: Person, data: bytes = samples.PNG, name: str = "stuck.png") -> str:
    answer = by.ask("POST", "/api/files/", files={"file": (name, data)})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def mails_to(person: Person, kind: str) -> list[OutgoingMail]:
    return list(OutgoingMail.objects.filter(kind=kind, to=person.user.email).order_by("pk"))


# --- Seeing ---------------------------------------------------------------------------------------


def test_residents_see_their_own_and_the_desk_sees_all(populated: PopulatedWorkspace) -> None:
    mine, theirs = opened(populated), opened(populated, populated.neighbour)
    rows = populated.resident.get(f"{PATH}?page_size=200")["results"]
    assert [row["id"] for row in rows] == [mine["id"]]
    for deed in ("", "history/", "comments/"):
        assert populated.resident.ask("GET", path_of(theirs, deed)).status_code == 404
    for person in (populated.staff, populated.manager, populated.owner):
        seen = person.get(f"{PATH}?building={populated.building.pk}")["results"]
        assert {row["id"] for row in seen} == {mine["id"], theirs["id"]}


def test_residents_ask_about_their_own_building_and_apartment_alone(
    populated: PopulatedWorkspace,
) -> None:
    other = populated.manager.post(
        "/api/buildings/", {"name": f"Far {populated.building}", "address": "x"}
    )
    populated.resident.token  # noqa: B018 - makes her a resident
    body = {"title": "x", "building": other["id"]}
    there, nowhere = (
        populated.resident.post(PATH, {**body, "building": building}, status=400)["errors"][
            "building"
        ]
        for building in (other["id"], 10**9)
    )
    assert there[0].replace(str(other["id"]), "") == nowhere[0].replace(str(10**9), "")
    neighbours = populated.apartments[1].pk
    told = populated.resident.post(
        PATH, {"title": "x", "building": populated.building.pk, "apartment": neighbours}, status=400
    )
    assert "apartment" in told["errors"]
    mine = opened(populated, apartment=populated.apartments[0].pk)
    assert mine["apartment"] == populated.apartments[0].pk


def test_an_apartment_of_another_building_is_refused(populated: PopulatedWorkspace) -> None:
    other = populated.manager.post(
        "/api/buildings/", {"name": f"Near {populated.building}", "address": "x"}
    )
    body = {"title": "x", "building": other["id"], "apartment": populated.apartments[0].pk}
    assert "apartment" in populated.manager.post(PATH, body, status=400)["errors"]


def test_lists_are_narrowed_by_query(populated: PopulatedWorkspace) -> None:
    urgent = opened(populated, priority="urgent", category="plumbing")
    calm = opened(populated)
    moved(populated.staff, calm, "rejected")
    here = f"{PATH}?building={populated.building.pk}"
    for query, expected in (
        ("&priority=urgent", {urgent["id"]}),
        ("&category=lift&category=plumbing", {urgent["id"], calm["id"]}),
        ("&status=rejected", {calm["id"]}),
        ("&under_way=true", {urgent["id"]}),
        (f"&assigned_to={populated.staff.user.pk}", set()),
    ):
        assert {row["id"] for row in populated.manager.get(here + query)["results"]} == expected, (
            query
        )
    assert populated.manager.ask("GET", f"{PATH}?status=lost").status_code == 400


def test_a_list_costs_the_same_however_long(populated: PopulatedWorkspace) -> None:
    path = f"{PATH}?building={populated.building.pk}"
    opened(populated, files=[uploaded(populated.resident)])
    few = queries_of(populated, path)
    for _ in range(10):
        opened(populated, populated.neighbour, files=[uploaded(populated.neighbour)])
    assert queries_of(populated, path) == few


def test_the_home_page_finds_what_is_under_way(populated: PopulatedWorkspace) -> None:
    mine, ended = opened(populated), opened(populated)
    moved(populated.resident, ended, "withdrawn")
    with inside(populated.schema):
        assert [each.pk for each in queries.open_for(populated.resident.user)] == [mine["id"]]
        everybodys = queries.open_for(populated.staff.user).values_list("pk", flat=True)
        assert mine["id"] in everybodys
        assert ended["id"] not in everybodys


# --- Moving ---------------------------------------------------------------------------------------


def test_a_request_goes_its_way_and_its_history_says_who_moved_it(
    populated: PopulatedWorkspace,
) -> None:
    request = opened(populated)
    assert request["next_statuses"] == ["withdrawn"]
    for to in ("in_progress", "waiting", "in_progress", "resolved"):
        moved(populated.staff, request, to)
    closed = moved(populated.resident, request, "closed")
    assert closed["ended_at"] is not None
    history = populated.resident.get(path_of(request, "history/"))["results"]
    assert [(step["status"], step["by"]["name"]) for step in history] == [
        ("open", "Anna"), ("in_progress", "Maria"), ("waiting", "Maria"),
        ("in_progress", "Maria"), ("resolved", "Maria"), ("closed", "Anna"),
    ]  # fmt: skip
    assert moved(populated.manager, request, "in_progress")["ended_at"] is None


@pytest.mark.parametrize(
    ("who", "way", "to"),
    [
        ("resident", (), "resolved"),
        ("resident", (), "in_progress"),
        ("staff", (), "closed"),
        ("staff", (), "withdrawn"),
        ("staff", (), "open"),
        ("resident", ("rejected",), "open"),
        ("staff", ("resolved", "closed"), "rejected"),
    ],
)
def test_a_request_leaves_its_way_for_nobody(
    populated: PopulatedWorkspace, who: str, way: tuple[str, ...], to: str
) -> None:
    request = opened(populated)
    for status in way:
        moved(populated.staff, request, status)
    before = populated.manager.get(path_of(request))
    moved(getattr(populated, who), request, to, status=409)
    assert populated.manager.get(path_of(request)) == before


def test_of_two_who_move_it_at_once_the_second_is_judged_by_what_the_first_did(
    populated: PopulatedWorkspace,
) -> None:
    request = opened(populated)
    answers: list[requests.Response] = []

    def move(person: Person, to: str) -> None:
        asked = {"status": to}
        answers.append(person.ask("POST", path_of(request, "transitions/"), json=asked))

    both = [(populated.staff, "rejected"), (populated.resident, "withdrawn")]
    assert all(person.token for person, _to in both)
    at_once = [threading.Thread(target=move, args=each) for each in both]
    for each in at_once:
        each.start()
    for each in at_once:
        each.join()
    assert sorted(answer.status_code for answer in answers) == [200, 409]
    history = populated.manager.get(path_of(request, "history/"))["results"]
    assert len(history) == 2


def test_an_ended_request_is_not_changed_and_an_open_one_is(populated: PopulatedWorkspace) -> None:
    request = opened(populated)
    change = {"description": "Between the 2nd and 3rd floor", "priority": "high"}
    changed = populated.resident.ask("PATCH", path_of(request), json=change)
    assert (changed.status_code, changed.json()["priority"]) == (200, "high")
    moved(populated.resident, request, "withdrawn")
    assert populated.staff.ask("PATCH", path_of(request), json=change).status_code == 409


def test_the_database_wants_status_and_end_to_agree(populated: PopulatedWorkspace) -> None:
    request = opened(populated)
    rows = ServiceRequest.objects.filter(pk=request["id"])
    with inside(populated.schema), pytest.raises(IntegrityError), transaction.atomic():
        rows.update(status="closed")


# --- Assigning, saying, attaching -----------------------------------------------------------------


def test_only_the_desk_assigns_and_only_to_the_desk(populated: PopulatedWorkspace) -> None:
    request = opened(populated)
    path = path_of(request, "assign/")
    given = populated.manager.post(path, {"person": populated.staff.user.pk}, status=200)
    assert given["assigned_to"] == {"id": populated.staff.user.pk, "name": "Maria"}
    wrong = populated.manager.post(path, {"person": populated.resident.user.pk}, status=400)
    assert "person" in wrong["errors"]
    assert populated.resident.ask("POST", path, json={"person": None}).status_code == 403
    taken = populated.manager.post(path, {"person": None}, status=200)
    assert taken["assigned_to"] is None
    assert len(populated.manager.get(path_of(request, "history/"))["results"]) == 3


def test_internal_comments_stay_at_the_desk(populated: PopulatedWorkspace) -> None:
    request = opened(populated)
    path = path_of(request, "comments/")
    populated.staff.post(path, {"body": "He is often late with the charges.", "internal": True})
    populated.staff.post(path, {"body": "We come on Monday."})
    populated.resident.post(path, {"body": "Thank you.", "internal": True})
    hers = [row["body"] for row in populated.resident.get(path)["results"]]
    assert hers == ["We come on Monday.", "Thank you."]
    assert len(populated.manager.get(path)["results"]) == 3
    assert [mail_.to for mail_ in mails_to(populated.resident, "request_commented")] == [
        populated.resident.user.email
    ]


def test_attached_files_are_served_to_whoever_sees_the_request(
    populated: PopulatedWorkspace,
) -> None:
    picture = uploaded(populated.resident)
    request = opened(populated, files=[picture])
    assert [row["id"] for row in request["attachments"]] == [picture]
    path = path_of(request, f"attachments/{picture}/")
    for person in (populated.resident, populated.staff):
        answer = person.ask("GET", path, headers={"Accept": "image/png"})
        assert (answer.status_code, answer.content) == (200, samples.PNG)
        assert answer.headers["Content-Type"] == "image/png"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "private, no-store"
    assert populated.neighbour.ask("GET", path).status_code == 404
    theirs = opened(populated, populated.neighbour)
    elsewhere = path_of(theirs, f"attachments/{picture}/")
    assert populated.neighbour.ask("GET", elsewhere).status_code == 404
    assert populated.http_client.ask("GET", path, host=populated.workspace.host).status_code == 401


def test_what_a_browser_might_run_is_only_saved(populated: PopulatedWorkspace) -> None:
    page = uploaded(populated.resident, b"<script>alert(1)</script>", "notes.html")
    request = opened(populated, files=[page])
    answer = populated.staff.ask("GET", path_of(request, f"attachments/{page}/"))
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == 'attachment; filename="notes.html.txt"'


def test_a_file_is_attached_once_and_only_by_its_uploader(populated: PopulatedWorkspace) -> None:
    picture, request = uploaded(populated.resident), opened(populated)
    path = path_of(request, "attachments/")
    told = populated.staff.post(path, {"files": [picture]}, status=400)
    assert "files" in told["errors"]
    assert [row["id"] for row in populated.resident.post(path, {"files": [picture]})] == [picture]
    populated.resident.post(path, {"files": [picture]}, status=400)
    body = {"title": "again", "building": populated.building.pk, "files": [picture]}
    populated.resident.post(PATH, body, status=400)
    assert populated.resident.ask("GET", f"/api/files/{picture}/").status_code == 404


def test_a_file_is_attached_once_also_when_asked_twice_at_once(
    populated: PopulatedWorkspace,
) -> None:
    picture, both = uploaded(populated.resident), [opened(populated), opened(populated)]
    statuses: list[int] = []

    def attach(request: dict[str, Any]) -> None:
        answer = populated.resident.ask(
            "POST", path_of(request, "attachments/"), json={"files": [picture]}
        )
        statuses.append(answer.status_code)

    at_once = [threading.Thread(target=attach, args=[request]) for request in both]
    for each in at_once:
        each.start()
    for each in at_once:
        each.join()
    assert sorted(statuses) == [201, 400]
