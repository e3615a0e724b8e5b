"""Votes: who may answer, with what weight, until when, and what comes of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import requests
from django.utils import timezone

from public_apps.accounts.models import Role
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from tenant_apps.buildings.models import Apartment
from tenant_apps.votes import queries
from tenant_apps.votes.models import Vote
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace, queries_of

PATH = "/api/votes/"


def called(
    populated: PopulatedWorkspace, *, opens: float = -1, closes: float = 60, **fields: Any
) -> dict[str, Any]:
    """Call a vote whose times are in minutes from now; the building is ready for it."""
    assert populated.apartments
    body = {
        "building": populated.building.pk,
        "title": "Shall the façade be painted?",
        "choices": ["Yes", "No"],
        "opens_at": _at(opens),
        "closes_at": _at(closes),
        **fields,
    }
    return dict(populated.manager.post(PATH, body))


def cast(
    by: Person, vote: dict[str, Any], apartment: Apartment, answer: str = "Yes", **more: Any
) -> requests.Response:
    choice = next(each["id"] for each in vote["choices"] if each["text"] == answer)
    body = {"apartment": apartment.pk, "choice": choice, **more}
    return by.ask("POST", f"{PATH}{vote['id']}/ballots/", json=body)


def results(by: Person, vote: dict[str, Any]) -> dict[str, Any]:
    return dict(by.get(f"{PATH}{vote['id']}/results/"))


def ended(populated: PopulatedWorkspace, vote: dict[str, Any]) -> None:
    """Let the vote's time run out."""
    now = timezone.now()
    with inside(populated.schema):
        Vote.objects.filter(pk=vote["id"]).update(
            opens_at=now - timedelta(hours=2), closes_at=now - timedelta(seconds=1)
        )


def _at(minutes: float) -> str:
    return (timezone.now() + timedelta(minutes=minutes)).isoformat()


# --- Calling --------------------------------------------------------------------------------------


def test_owners_and_managers_call_votes_and_nobody_else(populated: PopulatedWorkspace) -> None:
    vote = called(populated)
    assert [choice["text"] for choice in vote["choices"]] == ["Yes", "No"]
    assert (vote["state"], vote["weighting"], vote["quorum_percent"]) == ("running", "mills", 50)
    for person in (populated.staff, populated.resident):
        assert person.ask("POST", PATH, json={}).status_code == 403
        assert person.ask("POST", f"{PATH}{vote['id']}/close/").status_code == 403
        assert person.ask("DELETE", f"{PATH}{vote['id']}/").status_code == 403


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"choices": ["Yes"]}, "choices"),
        ({"choices": ["Yes", "Yes"]}, "choices"),
        ({"choices": ["Yes", ""]}, "choices"),
        ({"choices": [str(number) for number in range(21)]}, "choices"),
        ({"closes": -0.5}, "closes_at"),
        ({"opens": 90}, "closes_at"),
        ({"quorum_percent": 101}, "quorum_percent"),
        ({"weighting": "floor"}, "weighting"),
        ({"title": ""}, "title"),
    ],
)
def test_a_vote_that_makes_no_sense_is_told_by_field(
    populated: PopulatedWorkspace, fields: dict[str, Any], field: str
) -> None:
    times = {"opens_at": _at(fields.pop("opens", -1)), "closes_at": _at(fields.pop("closes", 60))}
    body = {
        "building": populated.building.pk,
        "title": "x",
        "choices": ["a", "b"],
        **times,
        **fields,
    }
    assert field in populated.manager.post(PATH, body, status=400)["errors"]


def test_a_vote_changes_until_it_opens(populated: PopulatedWorkspace) -> None:
    vote = called(populated, opens=30)
    path = f"{PATH}{vote['id']}/"
    changed = populated.manager.ask(
        "PATCH", path, json={"choices": ["Green", "Blue", "None"]}
    ).json()
    assert [choice["text"] for choice in changed["choices"]] == ["Green", "Blue", "None"]
    assert cast(populated.resident, changed, populated.apartments[0], "Blue").status_code == 409
    opened = populated.manager.ask("PATCH", path, json={"opens_at": _at(-1)}).json()
    assert opened["state"] == "running"
    assert populated.manager.ask("PATCH", path, json={"title": "Red?"}).status_code == 409


def test_a_vote_with_ballots_is_kept_and_one_without_can_be_called_off(
    populated: PopulatedWorkspace,
) -> None:
    kept, gone = called(populated), called(populated)
    assert cast(populated.resident, kept, populated.apartments[0]).status_code == 200
    assert populated.manager.ask("DELETE", f"{PATH}{kept['id']}/").status_code == 409
    assert populated.manager.ask("DELETE", f"{PATH}{gone['id']}/").status_code == 204


def test_residents_see_the_votes_of_their_buildings(populated: PopulatedWorkspace) -> None:
    vote = called(populated)
    elsewhere = PopulatedWorkspace(populated.http_client)
    theirs = called(elsewhere)
    assert [row["id"] for row in populated.resident.get(PATH)["results"]] == [vote["id"]]
    for deed in ("", "ballots/", "results/"):
        assert populated.resident.ask("GET", f"{PATH}{theirs['id']}/{deed}").status_code == 404
    assert cast(populated.resident, theirs, populated.apartments[0]).status_code == 404
    with inside(populated.schema):
        assert [each.pk for each in queries.running_for(populated.resident.user)] == [vote["id"]]


# --- Casting --------------------------------------------------------------------------------------


def test_an_owner_votes_for_their_apartment_and_may_change_their_mind(
    populated: PopulatedWorkspace,
) -> None:
    vote = called(populated)
    assert cast(populated.resident, vote, populated.apartments[0], "Yes").json()["weight"] == 400
    assert cast(populated.resident, vote, populated.apartments[0], "No").status_code == 200
    assert cast(populated.neighbour, vote, populated.apartments[1], "Yes").status_code == 200
    lines = populated.resident.get(f"{PATH}{vote['id']}/ballots/")
    no = vote["choices"][1]["id"]
    assert [(line["number"], line["choice"]) for line in lines] == [("A1", no)]
    told = results(populated.manager, vote)
    assert [(each["text"], each["weight"]) for each in told["choices"]] == [
        ("Yes", 300), ("No", 400),
    ]  # fmt: skip
    assert (told["ballots"], told["cast_weight"], told["turnout_percent"]) == (2, 700, 70.0)


def test_nobody_votes_for_anothers_apartment_nor_as_a_tenant(populated: PopulatedWorkspace) -> None:
    vote = called(populated)
    tenant = populated.person(Role.RESIDENT, "Theo")
    body = {
        "apartment": populated.apartments[0].pk, "user": tenant.user.pk, "kind": "tenant",
        "starts_on": "2020-01-01",
    }  # fmt: skip
    populated.manager.post("/api/residencies/", body)
    for person, apartment in (
        (tenant, populated.apartments[0]),
        (populated.resident, populated.apartments[1]),
        (populated.staff, populated.apartments[0]),
        (populated.manager, populated.apartments[0]),
    ):
        answer = cast(person, vote, apartment)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["apartment"])
    stranger = cast(populated.resident, vote, populated.apartments[1]).json()["errors"]
    nobody = populated.resident.ask(
        "POST",
        f"{PATH}{vote['id']}/ballots/",
        json={"apartment": 10**12, "choice": vote["choices"][0]["id"]},
    )
    assert nobody.json()["errors"] == stranger


def test_an_answer_to_another_vote_is_none_to_this(populated: PopulatedWorkspace) -> None:
    vote, other = called(populated), called(populated)
    answer = cast(populated.resident, {**other, "id": vote["id"]}, populated.apartments[0])
    assert list(answer.json()["errors"]) == ["choice"]


def test_managers_enter_paper_ballots_and_the_log_says_so(populated: PopulatedWorkspace) -> None:
    vote = called(populated)
    answer = cast(populated.manager, vote, populated.apartments[3], on_paper=True)
    assert answer.json()["on_paper"] is True
    assert cast(populated.resident, vote, populated.apartments[0], on_paper=True).status_code == 403
    assert cast(populated.staff, vote, populated.apartments[0], on_paper=True).status_code == 403
    with inside(populated.schema):
        entry = Entry.objects.filter(action="vote.paper_ballot").latest("pk")
        assert (entry.target_id, entry.detail["apartment"]) == (str(vote["id"]), "A4")


def test_weights_stand_still_from_the_first_ballot_on(populated: PopulatedWorkspace) -> None:
    vote = called(populated)
    cast(populated.resident, vote, populated.apartments[0])
    with inside(populated.schema):
        Apartment.objects.filter(building=populated.building).update(mills=1)
    cast(populated.neighbour, vote, populated.apartments[1])
    told = results(populated.manager, vote)
    assert (told["cast_weight"], told["total_weight"]) == (700, 1000)
    added = {"building": populated.building.pk, "number": "A5"}
    new = populated.manager.post("/api/apartments/", added)
    late = cast(populated.manager, vote, Apartment(pk=new["id"]), on_paper=True)
    assert list(late.json()["errors"]) == ["apartment"]


def test_a_vote_may_give_each_apartment_one(populated: PopulatedWorkspace) -> None:
    vote = called(populated, weighting="apartment", quorum_percent=50)
    cast(populated.neighbour, vote, populated.apartments[1])
    told = results(populated.manager, vote)
    assert (told["total_weight"], told["cast_weight"], told["quorum_reached"]) == (4, 1, False)
    cast(populated.resident, vote, populated.apartments[0])
    assert results(populated.manager, vote)["quorum_reached"] is True


# --- The end --------------------------------------------------------------------------------------


def test_results_are_for_managers_while_it_runs_and_for_all_afterwards(
    populated: PopulatedWorkspace,
) -> None:
    vote = called(populated)
    cast(populated.resident, vote, populated.apartments[0])
    for person in (populated.resident, populated.staff):
        assert person.ask("GET", f"{PATH}{vote['id']}/results/").status_code == 409
    assert results(populated.manager, vote)["final"] is False
    ended(populated, vote)
    told = results(populated.neighbour, vote)
    assert (told["final"], told["decided"]) == (True, None)
    assert told["quorum_reached"] is False


def test_a_quorum_and_more_weight_decide_and_a_tie_does_not(populated: PopulatedWorkspace) -> None:
    decided, tied = called(populated, quorum_percent=70), called(populated)
    for vote in (decided, tied):
        cast(populated.resident, vote, populated.apartments[0], "Yes")
    cast(populated.neighbour, decided, populated.apartments[1], "No")
    for apartment in (populated.apartments[1], populated.apartments[3]):
        cast(populated.manager, tied, apartment, "No", on_paper=True)
    for vote in (decided, tied):
        ended(populated, vote)
    assert results(populated.resident, decided)["decided"] == decided["choices"][0]["id"]
    assert results(populated.resident, tied)["decided"] is None


def test_a_vote_closed_before_its_time_takes_no_more_ballots(populated: PopulatedWorkspace) -> None:
    vote = called(populated)
    closed = populated.manager.post(f"{PATH}{vote['id']}/close/", status=200)
    assert (closed["state"], closed["closed_at"] is not None) == ("closed", True)
    assert cast(populated.resident, vote, populated.apartments[0]).status_code == 409
    assert populated.manager.ask("POST", f"{PATH}{vote['id']}/close/").status_code == 409
    with inside(populated.schema):
        entry = Entry.objects.filter(action="vote.closed").latest("pk")
        assert (entry.target_id, entry.actor) == (str(vote["id"]), populated.manager.user.email)


def test_a_list_costs_the_same_however_long(populated: PopulatedWorkspace) -> None:
    called(populated)
    path = f"{PATH}?building={populated.building.pk}&state=running"
    few = queries_of(populated, path)
    for _ in range(6):
        called(populated)
    assert queries_of(populated, path) == few
