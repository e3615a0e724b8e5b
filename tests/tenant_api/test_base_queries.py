"""What a list's query says is taken or refused by name; links of a list lead where it was asked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.core.web_stack import HttpClient
from tests.tenant_api.endpoints import endpoints
from tests.tenant_api.populated_workspace import PopulatedWorkspace

MEMBERS = "/api/members/"
# Lists that are not of a resource's own rows.
MORE_LISTS = ("/api/audit/", "/api/invoices/")


def lists() -> list[str]:
    """Return the address of every list that needs no row to be named."""
    found = [each.path() for each in endpoints() if each.action == "list"]
    return [*found, *MORE_LISTS]


def refused(populated: PopulatedWorkspace, path: str, **headers: str) -> dict[str, Any]:
    """Return the problem that a list refuses with."""
    answer = populated.owner.ask("GET", path, headers=headers)
    assert answer.status_code == 400, (path, answer.text)
    told: dict[str, Any] = answer.json()
    assert told["type"].endswith("/problems/invalid-input")
    assert set(told["errors"]) == set(told["codes"])
    return told


def test_every_list_refuses_by_name_what_it_does_not_know(populated: PopulatedWorkspace) -> None:
    assert len(lists()) > 15
    for path in lists():
        told = refused(populated, f"{path}?buildng=3&colour=red")
        assert set(told["errors"]) == {"buildng", "colour"}, path
        assert told["codes"]["buildng"] == ["unknown"]


def test_every_paged_list_refuses_a_bad_order_cursor_and_page_size_by_name(
    populated: PopulatedWorkspace,
) -> None:
    paged = [path for path in lists() if path != "/api/domains/"]
    for path in paged:
        assert set(refused(populated, f"{path}?cursor=nope")["errors"]) == {"cursor"}, path
        assert set(refused(populated, f"{path}?page_size=x")["errors"]) == {"page_size"}, path
        assert set(refused(populated, f"{path}?ordering=nope")["errors"]) == {"ordering"}, path


@pytest.mark.parametrize("odd", ["password", "-password", "id;drop", "user__password", "id,nope"])
def test_an_order_that_does_not_exist_is_refused(populated: PopulatedWorkspace, odd: str) -> None:
    told = refused(populated, f"{MEMBERS}?ordering={odd}")
    assert "joined_at" in told["errors"]["ordering"][0], "it says which there are"


@pytest.mark.parametrize("size", ["0", "-1", "x", "1e3", "1.5", "٣"])
def test_a_page_of_no_rows_is_refused(populated: PopulatedWorkspace, size: str) -> None:
    assert set(refused(populated, f"{MEMBERS}?page_size={size}")["errors"]) == {"page_size"}


@pytest.mark.parametrize("size", ["1", "200", "201", "9" * 30])
def test_a_page_is_never_longer_than_it_may_be(populated: PopulatedWorkspace, size: str) -> None:
    assert len(populated.owner.get(f"{MEMBERS}?page_size={size}")["results"]) <= 200


def test_refusals_of_queries_are_in_the_language_asked_for(populated: PopulatedWorkspace) -> None:
    query = f"{MEMBERS}?buildng=3"
    greek = refused(populated, query, **{"Accept-Language": "el"})
    english = refused(populated, query, **{"Accept-Language": "en"})
    assert greek["codes"] == english["codes"]
    assert "παράμετρος" in greek["errors"]["buildng"][0]
    assert "no such parameter" in english["errors"]["buildng"][0]


def test_lists_are_ordered_by_the_names_that_they_answer_with(
    populated: PopulatedWorkspace,
) -> None:
    by_name = populated.owner.get(f"{MEMBERS}?ordering=joined_at")["results"]
    assert by_name == sorted(by_name, key=lambda row: row["joined_at"])
    for path in (
        "charges/?ordering=month,-apartment_number",
        "balances/?ordering=apartment_number",
    ):
        populated.owner.get(f"/api/{path}")


def test_pages_follow_one_another_where_some_rows_lack_what_orders_them(
    populated: PopulatedWorkspace,
) -> None:
    for turn in range(5):
        populated.owner.post("/api/keys/", {"name": f"never used {turn}", "role": "staff"})
    met, path = [], "/api/keys/?page_size=2&ordering=-last_used_at"
    while path:
        page = populated.owner.get(path)
        met += [row["id"] for row in page["results"]]
        following = urlsplit(page["next"] or "")
        path = f"{following.path}?{following.query}" if page["next"] else ""
    everything = populated.owner.get("/api/keys/?page_size=200")["results"]
    assert sorted(met) == sorted(row["id"] for row in everything)


def test_next_leads_to_the_host_that_was_asked(
    http_client: HttpClient, populated: PopulatedWorkspace
) -> None:
    assert populated.manager.user.pk != populated.staff.user.pk  # so there is a second page
    sent = {"Authorization": f"Bearer {populated.owner.token}"}
    path = f"{MEMBERS}?page_size=1"
    own = http_client.ask("GET", path, host=populated.workspace.host, headers=sent)
    assert urlsplit(own.json()["next"]).hostname == populated.workspace.host
    chosen = {**sent, "X-Tenant-Host": populated.workspace.host}
    public = http_client.ask("GET", path, host="localhost:4711", headers=chosen)
    first = urlsplit(public.json()["next"])
    assert first.netloc == "localhost:4711"
    following = http_client.ask(
        "GET", f"{first.path}?{first.query}", host="localhost", headers=chosen
    )
    assert following.status_code == 200
    assert urlsplit(following.json()["previous"]).netloc == "localhost"
    assert following.json()["results"] != public.json()["results"]
