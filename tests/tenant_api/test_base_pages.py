"""Lists: by cursor, narrowed and ordered by query, and never broken by what a query says."""

from __future__ import annotations

import base64
import secrets
from urllib.parse import quote, urlsplit

import pytest

from public_apps.accounts.models import Role
from tests.core.web_stack import create_workspace
from tests.tenant_api.populated_workspace import PopulatedWorkspace, queries_of

MEMBERS = "/api/members/"


def encoded(text: str) -> str:
    """Return text as a cursor is written."""
    return quote(base64.b64encode(text.encode()).decode())


def test_a_walk_over_pages_meets_every_row_once(populated: PopulatedWorkspace) -> None:
    for _ in range(7):
        populated.person(Role.RESIDENT)
    everybody = {row["id"] for row in populated.owner.get(f"{MEMBERS}?page_size=200")["results"]}
    for ordering in ("id", "-id", "email", "last_name", "-date_joined"):  # many tie by last name
        met: list[int] = []
        path = f"{MEMBERS}?page_size=3&ordering={ordering}"
        while path:
            page = populated.owner.get(path)
            assert len(page["results"]) <= 3
            met += [row["id"] for row in page["results"]]
            following = urlsplit(page["next"] or "")
            path = f"{following.path}?{following.query}" if page["next"] else ""
        assert sorted(met) == sorted(everybody), ordering


def test_a_row_that_comes_while_somebody_reads_shifts_no_page(
    populated: PopulatedWorkspace,
) -> None:
    assert (
        populated.manager.user.pk != populated.staff.user.pk
    )  # with the owner, more than one page
    first = populated.owner.get(f"{MEMBERS}?page_size=2")
    newcomer = populated.person(Role.RESIDENT).user.pk
    second = urlsplit(first["next"])
    rest = populated.owner.get(f"{second.path}?{second.query}")["results"]
    seen = {row["id"] for row in first["results"]}
    assert newcomer not in seen
    assert not seen & {row["id"] for row in rest}


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "%00", "é", "===", encoded("p=x"), encoded("o=-1"), encoded("o=x"), encoded("p=\0"),
        encoded("o=99999999999999999999"), encoded("p=2026-99-99"), encoded("r=2&o=1&p="), "9" * 999,
    ],
)  # fmt: skip
@pytest.mark.parametrize("ordering", ["id", "email", "-date_joined"])
def test_a_cursor_that_we_did_not_make_is_no_error_of_ours(
    populated: PopulatedWorkspace, cursor: str, ordering: str
) -> None:
    answer = populated.owner.ask("GET", f"{MEMBERS}?ordering={ordering}&cursor={cursor}")
    assert answer.status_code in {200, 400}, answer.text
    if answer.status_code == 400:
        assert set(answer.json()["errors"]) == {"cursor"}


def test_another_workspaces_cursor_shows_no_row_of_it(populated: PopulatedWorkspace) -> None:
    other = PopulatedWorkspace(populated.http_client, create_workspace())
    for _ in range(3):
        other.person(Role.RESIDENT)
    theirs = urlsplit(other.owner.get(f"{MEMBERS}?page_size=2&ordering=id")["next"])
    answer = populated.owner.ask("GET", f"{MEMBERS}?{theirs.query}&page_size=200")
    assert "@court-" not in answer.text
    assert other.workspace.owner not in answer.text


def test_a_list_costs_as_many_queries_for_many_rows_as_for_few(
    populated: PopulatedWorkspace,
) -> None:
    invite = "/api/invitations/"

    def invited(how_many: int) -> None:
        for _ in range(how_many):
            email = f"{secrets.token_hex(6)}@town.example"
            populated.owner.post(invite, {"email": email, "role": "resident"})

    invited(2)
    few = [
        queries_of(populated, f"{path}?page_size=200") for path in (MEMBERS, invite, "/api/keys/")
    ]
    invited(18)
    for _ in range(18):
        populated.person(Role.RESIDENT)
    many = [
        queries_of(populated, f"{path}?page_size=200") for path in (MEMBERS, invite, "/api/keys/")
    ]
    assert many == few
