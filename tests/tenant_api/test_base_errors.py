"""Refusals: every one a problem document, whatever was wrong with the request."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.cache import caches
from django.test import Client

from public_apps.accounts.models import Role
from public_apps.core.rest.throttling import PersonLimit, WorkspaceLimit
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    ("method", "path", "sent", "status"),
    [
        ("POST", "/api/invitations/", {"data": b"{"}, 400),
        ("POST", "/api/invitations/", {"data": b"\xff\xfe"}, 400),
        ("POST", "/api/invitations/", {"json": []}, 400),
        ("POST", "/api/invitations/", {"json": None}, 400),
        ("POST", "/api/invitations/", {"json": {"email": {"a": 1}, "role": ["owner"]}}, 400),
        ("POST", "/api/invitations/", {"json": {"email": "a@b.c\0", "role": "staff"}}, 400),
        ("POST", "/api/invitations/", {"json": {"email": "x" * 300, "role": "staff"}}, 400),
        ("PUT", "/api/members/1/", {"json": {}}, 405),
        ("DELETE", "/api/members/", {}, 405),
        ("GET", "/api/members/0/", {}, 404),
        ("GET", "/api/members/99999999999999999999999/", {}, 404),
        ("GET", "/api/members/x/", {}, 404),
        ("GET", "/api/nothing/", {}, 404),
    ],
)
def test_what_cant_be_taken_is_told_as_a_problem(
    populated: PopulatedWorkspace, method: str, path: str, sent: dict[str, Any], status: int
) -> None:
    headers = {"Content-Type": "application/json"} if "data" in sent else {}
    answer = populated.owner.ask(method, path, headers=headers, **sent)
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == PROBLEM
    body = answer.json()
    assert {"type", "title", "status", "detail"} <= set(body)
    assert body["status"] == status


def test_a_body_of_another_kind_is_refused(populated: PopulatedWorkspace) -> None:
    answer = populated.owner.ask("POST", "/api/invitations/", data={"email": "a@b.example"})
    assert answer.status_code == 415
    assert answer.headers["Content-Type"] == PROBLEM


def test_fields_that_are_wrong_are_named(populated: PopulatedWorkspace) -> None:
    told = populated.owner.post("/api/invitations/", {"email": "no", "role": "king"}, status=400)
    assert set(told["errors"]) == {"email", "role"}


def ask_here(populated: PopulatedWorkspace, person: Person) -> int:
    """Ask in this process, whose limits are its own; return the status."""
    client = Client(headers={"Host": populated.workspace.host, "X-Session-Token": person.token})
    answer = client.get("/api/members/?page_size=1")
    if answer.status_code == 429:
        assert answer["Content-Type"] == PROBLEM
        assert 0 < int(answer["Retry-After"]) <= 61
    return answer.status_code


def test_a_person_who_asks_too_much_keeps_nobody_else_out(
    populated: PopulatedWorkspace,
    own_populated: PopulatedWorkspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(PersonLimit, "rate", "5/min", raising=False)
    busy = populated.person(Role.STAFF)
    assert [ask_here(populated, busy) for _ in range(7)] == [200] * 5 + [429] * 2
    assert ask_here(populated, populated.staff) == 200
    while (namesake := own_populated.person(Role.STAFF)).user.pk < busy.user.pk:
        pass  # until somebody elsewhere has the same id
    assert namesake.user.pk == busy.user.pk
    assert ask_here(own_populated, namesake) == 200


def test_a_workspace_that_asks_too_much_keeps_no_other_out(
    populated: PopulatedWorkspace,
    own_populated: PopulatedWorkspace,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(WorkspaceLimit, "rate", "5/min", raising=False)
    caches["process"].clear()  # what other tests have asked for in the last minute
    people = [own_populated.person(Role.STAFF) for _ in range(2)]
    assert [ask_here(own_populated, people[turn % 2]) for turn in range(7)] == [200] * 5 + [429] * 2
    assert ask_here(populated, populated.staff) == 200
