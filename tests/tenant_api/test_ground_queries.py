"""What a list's query says is taken or refused by name; links of a list lead where it was asked."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from tests.core.ground import Door
from tests.tenant_api.endpoints import endpoints
from tests.tenant_api.town import Town

MEMBERS = "/api/members/"
# Lists that are not of a resource's own rows.
MORE_LISTS = ("/api/audit/", "/api/invoices/")


def lists() -> list[str]:
    """Return the address of every list that needs no row to be named."""
    found = [each.path() for each in endpoints() if each.action == "list"]
    return [*found, *MORE_LISTS]


def refused(town: Town, path: str, **headers: str) -> dict[str, Any]:
    """Return the problem that a list refuses with."""
    answer = town.owner.ask("GET", path, headers=headers)
    assert answer.status_code == 400, (path, answer.text)
    told: dict[str, Any] = answer.json()
    assert told["type"].endswith("/problems/invalid-input")
    assert set(told["errors"]) == set(told["codes"])
    return told


def test_every_list_refuses_by_name_what_it_does_not_know(town: Town) -> None:
    assert len(lists()) > 15
    for path in lists():
        told = refused(town, f"{path}?buildng=3&colour=red")
        assert set(told["errors"]) == {"buildng", "colour"}, path
        assert told["codes"]["buildng"] == ["unknown"]


def test_every_paged_list_refuses_a_bad_order_cursor_and_page_size_by_name(town: Town) -> None:
    paged = [path for path in lists() if path != "/api/domains/"]
    for path in paged:
        assert set(refused(town, f"{path}?cursor=nope")["errors"]) == {"cursor"}, path
        assert set(refused(town, f"{path}?page_size=x")["errors"]) == {"page_size"}, path
        assert set(refused(town, f"{path}?ordering=nope")["errors"]) == {"ordering"}, path


@pytest.mark.parametrize("odd", ["password", "-password", "id;drop", "user__password", "id,nope"])
def test_an_order_that_does_not_exist_is_refused(town: Town, odd: str) -> None:
    told = refused(town, f"{MEMBERS}?ordering={odd}")
    assert "joined_at" in told["errors"]["ordering"][0], "it says which there are"


@pytest.mark.parametrize("size", ["0", "-1", "x", "1e3", "1.5", "٣"])
def test_a_page_of_no_rows_is_refused(town: Town, size: str) -> None:
    assert set(refused(town, f"{MEMBERS}?page_size={size}")["errors"]) == {"page_size"}


@pytest.mark.parametrize("size", ["1", "200", "201", "9" * 30])
def test_a_page_is_never_longer_than_it_may_be(town: Town, size: str) -> None:
    assert len(town.owner.get(f"{MEMBERS}?page_size={size}")["results"]) <= 200


def test_refusals_of_queries_are_in_the_language_asked_for(town: Town) -> None:
    query = f"{MEMBERS}?buildng=3"
    greek = refused(town, query, **{"Accept-Language": "el"})
    english = refused(town, query, **{"Accept-Language": "en"})
    assert greek["codes"] == english["codes"]
    assert "παράμετρος" in greek["errors"]["buildng"][0]
    assert "no such parameter" in english["errors"]["buildng"][0]


def test_lists_are_ordered_by_the_names_that_they_answer_with(town: Town) -> None:
    by_name = town.owner.get(f"{MEMBERS}?ordering=joined_at")["results"]
    assert by_name == sorted(by_name, key=lambda row: row["joined_at"])
    for path in (
        "charges/?ordering=month,-apartment_number",
        "balances/?ordering=apartment_number",
    ):
        town.owner.get(f"/api/{path}")


def test_pages_follow_one_another_where_some_rows_lack_what_orders_them(town: Town) -> None:
    for turn in range(5):
        town.owner.post("/api/keys/", {"name": f"never used {turn}", "role": "staff"})
    met, path = [], "/api/keys/?page_size=2&ordering=-last_used_at"
    while path:
        page = town.owner.get(path)
        met += [row["id"] for row in page["results"]]
        following = urlsplit(page["next"] or "")
        path = f"{following.path}?{following.query}" if page["next"] else ""
    everything = town.owner.get("/api/keys/?page_size=200")["results"]
    assert sorted(met) == sorted(row["id"] for row in everything)


def test_next_leads_to_the_host_that_was_asked(door: Door, town: Town) -> None:
    assert town.manager.user.pk != town.staff.user.pk  # so there is a second page
    sent = {"Authorization": f"Bearer {town.owner.token}"}
    path = f"{MEMBERS}?page_size=1"
    own = door.ask("GET", path, host=town.workspace.host, headers=sent)
    assert urlsplit(own.json()["next"]).hostname == town.workspace.host
    chosen = {**sent, "X-Tenant-Host": town.workspace.host}
    public = door.ask("GET", path, host="localhost:4711", headers=chosen)
    first = urlsplit(public.json()["next"])
    assert first.netloc == "localhost:4711"
    following = door.ask("GET", f"{first.path}?{first.query}", host="localhost", headers=chosen)
    assert following.status_code == 200
    assert urlsplit(following.json()["previous"]).netloc == "localhost"
    assert following.json()["results"] != public.json()["results"]
