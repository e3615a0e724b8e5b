"""Writes: once per Idempotency-Key, and never over a version that the writer has not seen."""

from __future__ import annotations

import secrets
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import Any

import pytest
import requests
from django.db import connection, transaction

from public_apps.accounts import authority
from public_apps.accounts.models import Invitation, Role
from public_apps.core.models import IdempotentRequest
from public_apps.core.schema_context import inside
from tests.core.web_stack import create_workspace
from tests.customer import until
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

INVITATIONS = "/api/invitations/"


def fresh_body(**more: Any) -> dict[str, Any]:
    """Somebody whom nobody has invited."""
    return {"email": f"{secrets.token_hex(6)}@town.example", "role": "resident", **more}


def send(person: Person, body: Any, key: str) -> requests.Response:
    """Invite somebody under an Idempotency-Key."""
    return person.ask("POST", INVITATIONS, json=body, headers={"Idempotency-Key": key})


def how_many(populated: PopulatedWorkspace, body: dict[str, Any]) -> int:
    """Return how many invitations that made."""
    with inside(populated.schema):
        return Invitation.objects.filter(email=body["email"]).count()


# --- Idempotency-Key ------------------------------------------------------------------------------


def test_the_same_key_and_body_get_the_same_answer_and_one_row(
    populated: PopulatedWorkspace,
) -> None:
    key, body = secrets.token_hex(8), fresh_body()
    first, again = (send(populated.owner, body, key) for _ in range(2))
    assert (first.status_code, first.json()) == (again.status_code, again.json())
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert how_many(populated, body) == 1


def test_the_same_key_with_another_body_or_address_is_refused(
    populated: PopulatedWorkspace,
) -> None:
    key = secrets.token_hex(8)
    made = send(populated.owner, fresh_body(), key).json()
    other = send(populated.owner, fresh_body(), key)
    assert other.status_code == 422
    assert other.json()["type"].endswith("idempotency-key-reused")
    path = f"{INVITATIONS}{made['id']}/revoke/"
    assert populated.owner.ask("POST", path, headers={"Idempotency-Key": key}).status_code == 422


def test_a_refusal_is_an_answer_that_repeats_as_well(populated: PopulatedWorkspace) -> None:
    key, body = secrets.token_hex(8), fresh_body(role="king")
    first, again = (send(populated.owner, body, key) for _ in range(2))
    assert (first.status_code, again.status_code) == (400, 400)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.headers["Content-Type"] == "application/problem+json"
    assert first.json() == again.json()


def test_while_the_first_is_at_work_a_second_is_told_so(populated: PopulatedWorkspace) -> None:
    key, body = secrets.token_hex(8), fresh_body()
    assert populated.owner.token
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with closing(connection), inside(populated.schema), transaction.atomic():
            authority.one_at_a_time()  # which an invitation waits for
            held.set()
            done.wait(20)

    with ThreadPoolExecutor(2) as pool:
        holding = pool.submit(hold)
        held.wait(10)
        first = pool.submit(send, populated.owner, body, key)
        until(lambda: IdempotentRequest.objects.filter(key=key).exists())
        second = send(populated.owner, body, key)
        done.set()
        holding.result()
    assert (first.result().status_code, second.status_code) == (201, 409)
    assert how_many(populated, body) == 1


def test_many_at_once_make_one_row(populated: PopulatedWorkspace) -> None:
    key, body = secrets.token_hex(8), fresh_body()
    assert populated.owner.token
    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(lambda _: send(populated.owner, body, key).status_code, range(6)))
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert how_many(populated, body) == 1


def test_a_key_is_its_persons_and_its_workspaces_own(populated: PopulatedWorkspace) -> None:
    key = secrets.token_hex(8)
    mine = fresh_body()
    assert send(populated.owner, mine, key).status_code == 201
    assert send(populated.manager, fresh_body(), key).status_code == 201
    other = PopulatedWorkspace(populated.http_client, create_workspace())
    theirs = send(other.owner, mine, key)
    assert theirs.status_code == 201
    assert "Idempotent-Replayed" not in theirs.headers


@pytest.mark.parametrize("key", ["x" * 256, "tab\there"])
def test_a_key_that_cant_be_kept_is_refused(populated: PopulatedWorkspace, key: str) -> None:
    answer = send(populated.owner, fresh_body(), key)
    assert answer.status_code == 400
    assert "Idempotency-Key" in answer.json()["errors"]


# --- Versions -------------------------------------------------------------------------------------


def test_what_the_client_has_is_not_sent_again(populated: PopulatedWorkspace) -> None:
    path = f"/api/members/{populated.staff.user.pk}/"
    first = populated.owner.ask("GET", path)
    etag = first.headers["ETag"]
    for seen in (etag, f"W/{etag}", f'"x", {etag}'):
        again = populated.owner.ask("GET", path, headers={"If-None-Match": seen})
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["ETag"] == etag
    assert populated.owner.ask("GET", path, headers={"If-None-Match": '"x"'}).status_code == 200


def test_a_change_of_what_one_has_not_seen_is_refused_and_changes_nothing(
    populated: PopulatedWorkspace,
) -> None:
    person = populated.person(Role.RESIDENT)
    path = f"/api/members/{person.user.pk}/"
    seen = populated.owner.ask("GET", path).headers["ETag"]
    changed = populated.manager.ask(
        "PATCH", path, json={"first_name": "A"}, headers={"If-Match": seen}
    )
    assert (changed.status_code, changed.json()["first_name"]) == (200, "A")
    late = populated.owner.ask("PATCH", path, json={"first_name": "B"}, headers={"If-Match": seen})
    assert late.status_code == 412
    assert late.json()["type"].endswith("changed-meanwhile")
    assert populated.owner.get(path)["first_name"] == "A"
    fresh = {"If-Match": changed.headers["ETag"]}
    assert populated.owner.ask("PATCH", path, json={"first_name": "B"}, headers=fresh).ok


def test_of_many_who_change_what_they_all_saw_one_does(populated: PopulatedWorkspace) -> None:
    path = f"/api/buildings/{populated.building.pk}/"
    seen = {"If-Match": populated.manager.ask("GET", path).headers["ETag"]}

    def change(number: int) -> int:
        body = {"notes": f"key {number}"}
        return populated.manager.ask("PATCH", path, json=body, headers=seen).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(change, range(4))) == [200, 412, 412, 412]


def test_the_same_row_of_another_workspace_has_another_etag(populated: PopulatedWorkspace) -> None:
    other = PopulatedWorkspace(populated.http_client, create_workspace())
    pk = other.owner.user.pk
    etags = {
        one.owner.ask("GET", f"/api/members/{pk}/").headers.get("ETag")
        for one in (populated, other)
    }
    assert len(etags) == 2
