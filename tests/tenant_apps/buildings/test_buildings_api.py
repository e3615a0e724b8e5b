"""Buildings, apartments and residencies over HTTP."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from public_apps.core.schema_context import inside
from public_apps.tenants import quotas
from tenant_apps.buildings import actions, queries
from tests.tenant_api.populated_workspace import LONG_AGO, PopulatedWorkspace, queries_of


def harbour(**said: str) -> dict[str, str]:
    """A building that no other test has."""
    name = f"Harbour View {secrets.token_hex(4)}"
    return {"name": name, "address": "Akti 1, Piraeus", "vat_number": "094014201", **said}


def test_a_manager_adds_changes_and_removes_a_building(populated: PopulatedWorkspace) -> None:
    made = populated.manager.post("/api/buildings/", harbour(notes="New."))
    assert (made["notes"], made["mills_sum"], made["apartment_count"]) == ("New.", 0, 0)
    path = f"/api/buildings/{made['id']}/"

    changed = populated.manager.ask("PATCH", path, json={"notes": "Key at the bakery."})
    assert (changed.status_code, changed.json()["notes"]) == (200, "Key at the bakery.")
    assert populated.manager.ask("DELETE", path).status_code == 204
    assert populated.manager.ask("GET", path).status_code == 404


@pytest.mark.parametrize(
    ("number", "taken"),
    [("094014201", "094014201"), ("EL 094014201", "EL094014201"), ("DE811569869", "DE811569869")],
)
def test_a_vat_number_is_kept_tidy(populated: PopulatedWorkspace, number: str, taken: str) -> None:
    made = populated.manager.post("/api/buildings/", harbour(vat_number=number))
    assert made["vat_number"] == taken


@pytest.mark.parametrize("number", ["094014202", "000000000", "12345", "EL12"])
def test_a_mistyped_vat_number_is_told_at_its_field(
    populated: PopulatedWorkspace, number: str
) -> None:
    told = populated.manager.post("/api/buildings/", harbour(vat_number=number), status=400)
    assert "vat_number" in told["errors"]


def test_two_buildings_dont_share_a_name(populated: PopulatedWorkspace) -> None:
    first = harbour()
    populated.manager.post("/api/buildings/", first)
    told = populated.manager.post(
        "/api/buildings/", harbour(name=first["name"].upper()), status=409
    )
    assert "name" in told["errors"]


def test_an_apartments_number_is_one_of_its_building(populated: PopulatedWorkspace) -> None:
    first, second = (populated.manager.post("/api/buildings/", harbour())["id"] for _ in range(2))
    populated.manager.post("/api/apartments/", {"building": first, "number": "B2"})
    populated.manager.post("/api/apartments/", {"building": second, "number": "B2"})
    told = populated.manager.post(
        "/api/apartments/", {"building": first, "number": "b2"}, status=409
    )
    assert "number" in told["errors"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("mills", 1001), ("mills", -1), ("floor", 999), ("area", "0"), ("number", ""),
     ("owner_email", "nobody"), ("number", "x" * 21), ("building", 10**30)],
)  # fmt: skip
def test_what_no_apartment_can_be_is_told_by_field(
    populated: PopulatedWorkspace, field: str, value: Any
) -> None:
    body = {"building": populated.building.pk, "number": "Z1", field: value}
    assert field in populated.manager.post("/api/apartments/", body, status=400)["errors"]


def test_an_apartment_stays_in_its_building(populated: PopulatedWorkspace) -> None:
    other = populated.manager.post("/api/buildings/", harbour())["id"]
    path = f"/api/apartments/{populated.apartments[0].pk}/"
    populated.manager.ask("PATCH", path, json={"building": other, "mills": 401})
    kept = populated.manager.get(path)
    assert (kept["building"], kept["mills"]) == (populated.building.pk, 401)


def test_a_building_or_an_apartment_with_a_history_stays(populated: PopulatedWorkspace) -> None:
    assert populated.resident.user.pk
    for path in (f"buildings/{populated.building.pk}", f"apartments/{populated.apartments[0].pk}"):
        refused = populated.manager.ask("DELETE", f"/api/{path}/")
        assert (refused.status_code, refused.json()["type"].split("/")[-1]) == (409, "not-now")


def test_a_change_of_what_somebody_changed_meanwhile_is_refused(
    populated: PopulatedWorkspace,
) -> None:
    path = f"/api/apartments/{populated.apartments[0].pk}/"
    seen = populated.manager.ask("GET", path).headers["ETag"]
    assert populated.owner.ask("PATCH", path, json={"floor": 7}).status_code == 200
    late = populated.manager.ask("PATCH", path, json={"floor": 8}, headers={"If-Match": seen})
    assert (late.status_code, populated.manager.get(path)["floor"]) == (412, 7)


def test_apartments_are_counted_for_the_plan(populated: PopulatedWorkspace) -> None:
    before = quotas.used(quotas.APARTMENTS, tenant=populated.workspace.tenant)
    assert before is not None
    assert len(populated.apartments) == 4
    assert quotas.used(quotas.APARTMENTS, tenant=populated.workspace.tenant) == before + 4


def test_nobody_owns_an_apartment_beside_its_owner(populated: PopulatedWorkspace) -> None:
    first, second = populated.apartments[:2]
    anna, petros = populated.resident.user.pk, populated.neighbour.user.pk
    body = {"apartment": first.pk, "user": petros, "kind": "owner", "starts_on": "2026-11-01"}
    assert "starts_on" in populated.manager.post("/api/residencies/", body, status=409)["errors"]

    populated.manager.post("/api/residencies/", {**body, "kind": "tenant"})
    mine = populated.manager.get(f"/api/residencies/?user={anna}")["results"][0]
    path = f"/api/residencies/{mine['id']}/"
    assert populated.manager.ask("PATCH", path, json={"ends_on": "2026-11-01"}).status_code == 200
    populated.manager.post("/api/residencies/", body, status=409)  # the last day is still Anna's
    assert populated.manager.ask("PATCH", path, json={"ends_on": "2026-10-31"}).status_code == 200
    populated.manager.post("/api/residencies/", body)
    assert second.pk


def test_a_residency_doesnt_end_before_it_starts(populated: PopulatedWorkspace) -> None:
    body = {
        "apartment": populated.apartments[2].pk, "user": populated.staff.user.pk, "kind": "tenant",
        "starts_on": "2026-02-02", "ends_on": "2026-02-01",
    }  # fmt: skip
    assert "ends_on" in populated.manager.post("/api/residencies/", body, status=400)["errors"]


def test_residents_see_their_own_and_nothing_of_neighbours(populated: PopulatedWorkspace) -> None:
    own, neighbours = populated.apartments[:2]
    for name in ("buildings", "apartments", "residencies"):
        assert len(populated.resident.get(f"/api/{name}/")["results"]) == 1
    assert populated.resident.get(f"/api/apartments/{own.pk}/")["number"] == "A1"
    assert populated.resident.ask("GET", f"/api/apartments/{neighbours.pk}/").status_code == 404
    assert populated.resident.ask("PATCH", f"/api/apartments/{own.pk}/", json={}).status_code == 403
    assert populated.resident.ask("POST", "/api/buildings/", json=harbour()).status_code == 403
    populated.manager.ask(
        "PATCH", f"/api/buildings/{populated.building.pk}/", json={"notes": "gossip"}
    )
    assert populated.resident.get("/api/buildings/")["results"][0]["notes"] == ""


def test_who_moved_out_sees_nothing_any_more(populated: PopulatedWorkspace) -> None:
    anna = populated.resident.user
    yesterday = timezone.localdate() - timedelta(days=1)
    row = populated.manager.get(f"/api/residencies/?user={anna.pk}")["results"][0]
    populated.manager.ask(
        "PATCH", f"/api/residencies/{row['id']}/", json={"ends_on": yesterday.isoformat()}
    )
    assert populated.resident.get("/api/apartments/")["results"] == []
    assert populated.resident.get("/api/buildings/")["results"] == []
    with inside(populated.schema):
        assert anna not in queries.residents_of(populated.building)


def test_lists_are_narrowed_and_ordered_by_query(populated: PopulatedWorkspace) -> None:
    building = f"/api/apartments/?building={populated.building.pk}"
    assert len(populated.apartments) == 4
    by_mills = populated.manager.get(f"{building}&ordering=mills")["results"]
    assert [row["mills"] for row in by_mills] == [100, 200, 300, 400]
    assert [row["number"] for row in populated.manager.get(f"{building}&floor=2")["results"]] == [
        "A2"
    ]
    assert populated.manager.ask("GET", f"{building}&floor=second").status_code == 400
    residencies = f"/api/residencies/?building={populated.building.pk}"
    assert populated.resident.user.pk
    assert len(populated.manager.get(f"{residencies}&current=true")["results"]) == 1
    assert populated.manager.get(f"{residencies}&current=false")["results"] == []


@pytest.mark.parametrize("path", ["buildings", "apartments", "residencies"])
def test_a_list_costs_the_same_whatever_its_length(
    populated: PopulatedWorkspace, path: str
) -> None:
    assert populated.resident.user.pk
    few = queries_of(populated, f"/api/{path}/")
    with inside(populated.schema):
        for _ in range(20):
            building = actions.add_building(name=harbour()["name"], address="Elaion 5")
            apartment = actions.add_apartment(
                tenant=populated.workspace.tenant, building=building, number="1"
            )
            actions.add_residency(
                apartment=apartment, user=populated.staff.user, kind="owner", starts_on=LONG_AGO
            )
    assert queries_of(populated, f"/api/{path}/") == few
