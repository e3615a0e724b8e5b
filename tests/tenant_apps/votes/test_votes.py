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
from tests.tenant_api.town import Person, Town, queries_of

PATH = "/api/votes/"


def called(town: Town, *, opens: float = -1, closes: float = 60, **fields: Any) -> dict[str, Any]:
    """Call a vote whose times are in minutes from now; the building is ready for it."""
    assert town.apartments
    body = {
        "building": town.building.pk,
        "title": "Shall the façade be painted?",
        "choices": ["Yes", "No"],
        "opens_at": _at(opens),
        "closes_at": _at(closes),
        **fields,
    }
    return dict(town.manager.post(PATH, body))


def cast(
    by: Person, vote: dict[str, Any], apartment: Apartment, answer: str = "Yes", **more: Any
) -> requests.Response:
    choice = next(each["id"] for each in vote["choices"] if each["text"] == answer)
    body = {"apartment": apartment.pk, "choice": choice, **more}
    return by.ask("POST", f"{PATH}{vote['id']}/ballots/", json=body)


def results(by: Person, vote: dict[str, Any]) -> dict[str, Any]:
    return dict(by.get(f"{PATH}{vote['id']}/results/"))


def ended(town: Town, vote: dict[str, Any]) -> None:
    """Let the vote's time run out."""
    now = timezone.now()
    with inside(town.schema):
        Vote.objects.filter(pk=vote["id"]).update(
            opens_at=now - timedelta(hours=2), closes_at=now - timedelta(seconds=1)
        )


def _at(minutes: float) -> str:
    return (timezone.now() + timedelta(minutes=minutes)).isoformat()


# --- Calling --------------------------------------------------------------------------------------


def test_owners_and_managers_call_votes_and_nobody_else(town: Town) -> None:
    vote = called(town)
    assert [choice["text"] for choice in vote["choices"]] == ["Yes", "No"]
    assert (vote["state"], vote["weighting"], vote["quorum_percent"]) == ("running", "mills", 50)
    for person in (town.staff, town.resident):
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
    town: Town, fields: dict[str, Any], field: str
) -> None:
    times = {"opens_at": _at(fields.pop("opens", -1)), "closes_at": _at(fields.pop("closes", 60))}
    body = {"building": town.building.pk, "title": "x", "choices": ["a", "b"], **times, **fields}
    assert field in town.manager.post(PATH, body, status=400)["errors"]


def test_a_vote_changes_until_it_opens(town: Town) -> None:
    vote = called(town, opens=30)
    path = f"{PATH}{vote['id']}/"
    changed = town.manager.ask("PATCH", path, json={"choices": ["Green", "Blue", "None"]}).json()
    assert [choice["text"] for choice in changed["choices"]] == ["Green", "Blue", "None"]
    assert cast(town.resident, changed, town.apartments[0], "Blue").status_code == 409
    opened = town.manager.ask("PATCH", path, json={"opens_at": _at(-1)}).json()
    assert opened["state"] == "running"
    assert town.manager.ask("PATCH", path, json={"title": "Red?"}).status_code == 409


def test_a_vote_with_ballots_is_kept_and_one_without_can_be_called_off(town: Town) -> None:
    kept, gone = called(town), called(town)
    assert cast(town.resident, kept, town.apartments[0]).status_code == 200
    assert town.manager.ask("DELETE", f"{PATH}{kept['id']}/").status_code == 409
    assert town.manager.ask("DELETE", f"{PATH}{gone['id']}/").status_code == 204


def test_residents_see_the_votes_of_their_buildings(town: Town) -> None:
    vote = called(town)
    elsewhere = Town(town.door)
    theirs = called(elsewhere)
    assert [row["id"] for row in town.resident.get(PATH)["results"]] == [vote["id"]]
    for deed in ("", "ballots/", "results/"):
        assert town.resident.ask("GET", f"{PATH}{theirs['id']}/{deed}").status_code == 404
    assert cast(town.resident, theirs, town.apartments[0]).status_code == 404
    with inside(town.schema):
        assert [each.pk for each in queries.running_for(town.resident.user)] == [vote["id"]]


# --- Casting --------------------------------------------------------------------------------------


def test_an_owner_votes_for_their_apartment_and_may_change_their_mind(town: Town) -> None:
    vote = called(town)
    assert cast(town.resident, vote, town.apartments[0], "Yes").json()["weight"] == 400
    assert cast(town.resident, vote, town.apartments[0], "No").status_code == 200
    assert cast(town.neighbour, vote, town.apartments[1], "Yes").status_code == 200
    lines = town.resident.get(f"{PATH}{vote['id']}/ballots/")
    no = vote["choices"][1]["id"]
    assert [(line["number"], line["choice"]) for line in lines] == [("A1", no)]
    told = results(town.manager, vote)
    assert [(each["text"], each["weight"]) for each in told["choices"]] == [
        ("Yes", 300), ("No", 400),
    ]  # fmt: skip
    assert (told["ballots"], told["cast_weight"], told["turnout_percent"]) == (2, 700, 70.0)


def test_nobody_votes_for_anothers_apartment_nor_as_a_tenant(town: Town) -> None:
    vote = called(town)
    tenant = town.person(Role.RESIDENT, "Theo")
    body = {
        "apartment": town.apartments[0].pk, "user": tenant.user.pk, "kind": "tenant",
        "starts_on": "2020-01-01",
    }  # fmt: skip
    town.manager.post("/api/residencies/", body)
    for person, apartment in (
        (tenant, town.apartments[0]),
        (town.resident, town.apartments[1]),
        (town.staff, town.apartments[0]),
        (town.manager, town.apartments[0]),
    ):
        answer = cast(person, vote, apartment)
        assert (answer.status_code, list(answer.json()["errors"])) == (400, ["apartment"])
    stranger = cast(town.resident, vote, town.apartments[1]).json()["errors"]
    nobody = town.resident.ask(
        "POST",
        f"{PATH}{vote['id']}/ballots/",
        json={"apartment": 10**12, "choice": vote["choices"][0]["id"]},
    )
    assert nobody.json()["errors"] == stranger


def test_an_answer_to_another_vote_is_none_to_this(town: Town) -> None:
    vote, other = called(town), called(town)
    answer = cast(town.resident, {**other, "id": vote["id"]}, town.apartments[0])
    assert list(answer.json()["errors"]) == ["choice"]


def test_managers_enter_paper_ballots_and_the_log_says_so(town: Town) -> None:
    vote = called(town)
    answer = cast(town.manager, vote, town.apartments[3], on_paper=True)
    assert answer.json()["on_paper"] is True
    assert cast(town.resident, vote, town.apartments[0], on_paper=True).status_code == 403
    assert cast(town.staff, vote, town.apartments[0], on_paper=True).status_code == 403
    with inside(town.schema):
        entry = Entry.objects.filter(action="vote.paper_ballot").latest("pk")
        assert (entry.target_id, entry.detail["apartment"]) == (str(vote["id"]), "A4")


def test_weights_stand_still_from_the_first_ballot_on(town: Town) -> None:
    vote = called(town)
    cast(town.resident, vote, town.apartments[0])
    with inside(town.schema):
        Apartment.objects.filter(building=town.building).update(mills=1)
    cast(town.neighbour, vote, town.apartments[1])
    told = results(town.manager, vote)
    assert (told["cast_weight"], told["total_weight"]) == (700, 1000)
    added = {"building": town.building.pk, "number": "A5"}
    new = town.manager.post("/api/apartments/", added)
    late = cast(town.manager, vote, Apartment(pk=new["id"]), on_paper=True)
    assert list(late.json()["errors"]) == ["apartment"]


def test_a_vote_may_give_each_apartment_one(town: Town) -> None:
    vote = called(town, weighting="apartment", quorum_percent=50)
    cast(town.neighbour, vote, town.apartments[1])
    told = results(town.manager, vote)
    assert (told["total_weight"], told["cast_weight"], told["quorum_reached"]) == (4, 1, False)
    cast(town.resident, vote, town.apartments[0])
    assert results(town.manager, vote)["quorum_reached"] is True


# --- The end --------------------------------------------------------------------------------------


def test_results_are_for_managers_while_it_runs_and_for_all_afterwards(town: Town) -> None:
    vote = called(town)
    cast(town.resident, vote, town.apartments[0])
    for person in (town.resident, town.staff):
        assert person.ask("GET", f"{PATH}{vote['id']}/results/").status_code == 409
    assert results(town.manager, vote)["final"] is False
    ended(town, vote)
    told = results(town.neighbour, vote)
    assert (told["final"], told["decided"]) == (True, None)
    assert told["quorum_reached"] is False


def test_a_quorum_and_more_weight_decide_and_a_tie_does_not(town: Town) -> None:
    decided, tied = called(town, quorum_percent=70), called(town)
    for vote in (decided, tied):
        cast(town.resident, vote, town.apartments[0], "Yes")
    cast(town.neighbour, decided, town.apartments[1], "No")
    for apartment in (town.apartments[1], town.apartments[3]):
        cast(town.manager, tied, apartment, "No", on_paper=True)
    for vote in (decided, tied):
        ended(town, vote)
    assert results(town.resident, decided)["decided"] == decided["choices"][0]["id"]
    assert results(town.resident, tied)["decided"] is None


def test_a_vote_closed_before_its_time_takes_no_more_ballots(town: Town) -> None:
    vote = called(town)
    closed = town.manager.post(f"{PATH}{vote['id']}/close/", status=200)
    assert (closed["state"], closed["closed_at"] is not None) == ("closed", True)
    assert cast(town.resident, vote, town.apartments[0]).status_code == 409
    assert town.manager.ask("POST", f"{PATH}{vote['id']}/close/").status_code == 409
    with inside(town.schema):
        entry = Entry.objects.filter(action="vote.closed").latest("pk")
        assert (entry.target_id, entry.actor) == (str(vote["id"]), town.manager.user.email)


def test_a_list_costs_the_same_however_long(town: Town) -> None:
    called(town)
    path = f"{PATH}?building={town.building.pk}&state=running"
    few = queries_of(town, path)
    for _ in range(6):
        called(town)
    assert queries_of(town, path) == few
