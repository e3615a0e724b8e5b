"""A file of apartments is taken whole or not at all, by the worker, with a report by line."""

from __future__ import annotations

from typing import Any

import pytest

from public_apps.core.schema_context import inside
from tenant_apps.buildings import background_jobs, tasks
from tenant_apps.buildings.models import Apartment, Work
from tests.tenant_api.populated_workspace import PopulatedWorkspace

HEADER = "number,floor,area,mills,owner_name,owner_email"


def send(populated: PopulatedWorkspace, content: str, *, status: int = 202) -> Any:
    """Send a file by the API."""
    path = f"/api/buildings/{populated.building.pk}/import-apartments/"
    return populated.manager.post(path, {"content": content}, status=status)


def worked(populated: PopulatedWorkspace, content: str) -> dict[str, Any]:
    """Send a file, let the job run, and return the work as the API shows it then."""
    sent = send(populated, content)
    assert sent["status"] == "waiting"
    tasks.import_apartments(schema=populated.schema, work_id=sent["id"])
    told: dict[str, Any] = populated.manager.get(f"/api/work/{sent['id']}/")
    return told


def numbers(populated: PopulatedWorkspace) -> set[str]:
    """Return the numbers of the building's apartments."""
    with inside(populated.schema):
        return set(
            Apartment.objects.filter(building=populated.building).values_list("number", flat=True)
        )


def test_a_good_file_is_taken_whole(populated: PopulatedWorkspace) -> None:
    told = worked(populated, f"{HEADER}\nB1,1,78.50,600,Eleni,eleni@x.example\nB2,-1,,400,,\n\n")
    assert (told["status"], told["steps_done"], told["steps"]) == ("done", 2, 2)
    assert numbers(populated) == {"B1", "B2"}


def test_semicolons_decimal_commas_and_a_bom_are_understood(populated: PopulatedWorkspace) -> None:
    assert worked(populated, "\ufeffNumber;Area\nB1;78,50\n")["status"] == "done"
    with inside(populated.schema):
        assert str(Apartment.objects.get(building=populated.building).area) == "78.50"


def test_one_bad_line_and_nothing_is_taken(populated: PopulatedWorkspace) -> None:
    assert populated.apartments
    before = numbers(populated)
    told = worked(
        populated,
        f"{HEADER}\nC1,1,50,10,,\nC2,high,50,2000,,nobody\nc1,2,50,10,,\n,3,50,1,,\nA1,1,,1,,\n",
    )
    assert told["status"] == "refused"
    assert {(row["line"], row["field"]) for row in told["report"]} == {
        (3, "floor"), (3, "mills"), (3, "owner_email"), (4, "number"), (5, "number"),
        (6, "number"),
    }  # fmt: skip
    assert numbers(populated) == before


def test_a_comma_inside_a_number_is_a_fault_of_its_line_and_no_other_mills(
    populated: PopulatedWorkspace,
) -> None:
    told = worked(populated, "number,floor,area,mills\nD1,1,75.5,900\nD2,1,75,5,100\n")
    assert told["status"] == "refused"
    (row,) = told["report"]
    assert (row["line"], row["field"]) == (3, "")
    assert "more cells than columns" in row["detail"]
    assert worked(populated, 'number,area,mills\nD1,"75,5",900\nD2,60,100,,\n')["status"] == "done"


@pytest.mark.parametrize(
    "content",
    ["", "name,size\nA,1\n", "number,number\nA,1\n", f"{HEADER}\n\0", "number\n" + "A\n" * 2001],
)
def test_what_is_no_such_file_is_refused_at_once(
    populated: PopulatedWorkspace, content: str
) -> None:
    assert "content" in send(populated, content, status=400)["errors"]


def test_a_job_that_runs_twice_imports_once(populated: PopulatedWorkspace) -> None:
    told = worked(populated, f"{HEADER}\nB1,1,50,10,,\n")
    tasks.import_apartments(schema=populated.schema, work_id=told["id"])
    assert numbers(populated) == {"B1"}
    assert populated.manager.get(f"/api/work/{told['id']}/")["done_at"] == told["done_at"]


def test_progress_is_seen_while_the_work_goes_on(populated: PopulatedWorkspace) -> None:
    sent = send(populated, f"{HEADER}\nB1,1,50,10,,\n")
    seen = []

    def how(asked: Work, tell: background_jobs.Tell) -> list[background_jobs.ReportLine]:
        tell(3, 3)
        seen.append(populated.manager.get(f"/api/work/{asked.pk}/"))
        raise background_jobs.Refusal([{"line": None, "field": "", "detail": "Enough."}])

    background_jobs.do(schema=populated.schema, work_id=sent["id"], how=how)
    assert [(each["status"], each["steps_done"]) for each in seen] == [("working", 3)]
    assert populated.manager.get(f"/api/work/{sent['id']}/")["status"] == "refused"


def test_residents_and_staff_import_nothing_and_watch_no_work(
    populated: PopulatedWorkspace,
) -> None:
    sent = send(populated, f"{HEADER}\nB1,1,50,10,,\n")
    for person in (populated.resident, populated.staff):
        assert person.ask("GET", f"/api/work/{sent['id']}/").status_code == 403
        path = f"/api/buildings/{populated.building.pk}/import-apartments/"
        assert person.ask("POST", path, json={"content": HEADER}).status_code == 403
