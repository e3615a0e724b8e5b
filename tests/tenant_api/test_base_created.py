"""What is new says where it is, and which version it is; the same again when it is repeated."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from tests.core.web_stack import HttpClient
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_api.sample_workspace import furnished

BUILDING = {"name": "Cedar", "address": "Akti 1"}


def test_a_new_row_can_be_read_where_it_says_with_the_etag_it_came_with(
    populated: PopulatedWorkspace,
) -> None:
    for turn, path in enumerate(("/api/buildings/", "/api/invitations/", "/api/keys/")):
        body: dict[str, Any] = {
            "/api/buildings/": {**BUILDING, "name": f"Cedar {turn}"},
            "/api/invitations/": {"email": f"new-{turn}@town.example", "role": "staff"},
            "/api/keys/": {"name": "gate", "role": "staff"},
        }[path]
        made = populated.owner.ask("POST", path, json=body)
        assert made.status_code == 201, made.text
        read = populated.owner.ask("GET", made.headers["Location"])
        assert read.status_code == 200, made.headers["Location"]
        assert read.json()["id"] == made.json()["id"]
        if path != "/api/keys/":  # whose first answer alone holds the key
            assert read.headers["ETag"] == made.headers["ETag"]


def test_a_repeated_request_gets_the_headers_of_the_first(populated: PopulatedWorkspace) -> None:
    body = {**BUILDING, "name": "Elm"}
    first, again = (
        populated.owner.ask(
            "POST", "/api/buildings/", json=body, headers={"Idempotency-Key": "elm"}
        )
        for _turn in range(2)
    )
    assert again.headers["Idempotent-Replayed"] == "true"
    for name in ("Location", "ETag"):
        assert again.headers[name] == first.headers[name]
    changed = {"notes": "changed since"}
    kept = {"If-Match": first.headers["ETag"]}
    place = first.headers["Location"]
    assert populated.owner.ask("PATCH", place, json=changed, headers=kept).status_code == 200
    late = populated.owner.ask(
        "POST", "/api/buildings/", json=body, headers={"Idempotency-Key": "elm"}
    )
    assert late.headers["ETag"] == first.headers["ETag"], "it belongs to what this answer says"
    assert populated.owner.ask("PATCH", place, json=changed, headers=kept).status_code == 412


def test_what_has_no_version_of_its_own_is_not_sent_twice_either(
    populated: PopulatedWorkspace,
) -> None:
    first = populated.owner.ask("GET", "/api/workspace/")
    assert first.headers["ETag"].startswith("W/")
    known = {"If-None-Match": first.headers["ETag"]}
    again = populated.owner.ask("GET", "/api/workspace/", headers=known)
    assert (again.status_code, again.text) == (304, "")
    assert again.headers["ETag"] == first.headers["ETag"]


def test_the_workspace_says_in_which_currency_it_reckons(populated: PopulatedWorkspace) -> None:
    assert populated.owner.get("/api/workspace/")["currency"] == "eur"


def test_what_is_sent_is_answered_by_the_same_name(http_client: HttpClient) -> None:
    sample_workspace = furnished(http_client)
    fixtures = sample_workspace.fixtures
    path = f"/api/requests/{fixtures['requests']}/assign/"
    for name in ("assigned_to", "person"):  # the latter is what it was called at first
        answer = sample_workspace.ask("POST", path, json={name: fixtures["members"]})
        assert answer.json()["assigned_to"]["id"] == fixtures["members"]
        assert (
            ("Deprecation" in answer.headers) == ("Sunset" in answer.headers) == (name == "person")
        )
        assert sample_workspace.post(path, {name: None})["assigned_to"] is None
    empty = sample_workspace.ask("POST", path, json={})
    assert (empty.status_code, empty.json()["codes"]) == (400, {"assigned_to": ["required"]})
    expense = sample_workspace.ask("GET", f"/api/expenses/{fixtures['expenses']}/").json()
    assert expense["attachment"] == expense["file"]["id"]
    request = sample_workspace.ask("GET", f"/api/requests/{fixtures['requests']}/").json()
    assert request["files"] == [each["id"] for each in request["attachments"]] != []


def test_a_new_thing_is_placed_at_an_address_of_the_host_asked(
    populated: PopulatedWorkspace,
) -> None:
    made = populated.owner.ask("POST", "/api/buildings/", json={**BUILDING, "name": "Fir"})
    assert urlsplit(made.headers["Location"]).path == f"/api/buildings/{made.json()['id']}/"
