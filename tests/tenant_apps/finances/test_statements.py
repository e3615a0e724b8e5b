"""A statement tells every charge and payment with the balance after it, to those whom it concerns."""

from __future__ import annotations

import csv
import io

import pytest

from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_apps.finances.month import draft, issue, sound, spend


@pytest.fixture
def paid(populated: PopulatedWorkspace) -> PopulatedWorkspace:
    """A1 was charged 40.00 and has paid 15.50."""
    period = draft(populated)
    spend(populated, period, 10_000)
    issue(populated, period)
    body = {
        "apartment": populated.apartments[0].pk, "party": "owner", "method": "bank", "amount": 1_550,
        "paid_on": "2099-01-01", "reference": "=1+1",
    }  # fmt: skip
    populated.manager.post("/api/payments/", body)
    return populated


def path(populated: PopulatedWorkspace, number: int = 0) -> str:
    """Return the path of an apartment's statement."""
    return f"/api/apartments/{populated.apartments[number].pk}/statement/"


def test_a_statement_sums_up(paid: PopulatedWorkspace) -> None:
    told = paid.manager.get(path(paid))
    assert [(line["kind"], line["amount"], line["balance"]) for line in told["lines"]] == [
        ("issue", 4_000, 4_000),
        ("payment", -1_550, 2_450),
    ]
    assert (told["opening_balance"], told["closing_balance"]) == (0, 2_450)
    assert sound(paid)


def test_a_statement_of_some_days_opens_with_what_was_before(paid: PopulatedWorkspace) -> None:
    told = paid.manager.get(f"{path(paid)}?since=2098-01-01")
    assert (told["opening_balance"], len(told["lines"])) == (4_000, 1)
    told = paid.manager.get(f"{path(paid)}?until=2098-01-01")
    assert (told["closing_balance"], len(told["lines"])) == (4_000, 1)
    assert paid.manager.ask("GET", f"{path(paid)}?since=yesterday").status_code == 400


@pytest.mark.parametrize("asked", [{"headers": {"Accept": "text/csv"}}, {"query": "?format=csv"}])
def test_a_statement_goes_into_a_spreadsheet_and_runs_nothing_there(
    paid: PopulatedWorkspace, asked: dict[str, object]
) -> None:
    query = str(asked.pop("query", ""))
    answer = paid.manager.ask("GET", f"{path(paid)}{query}", **asked)  # type: ignore[arg-type]
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    rows = list(csv.reader(io.StringIO(answer.text)))
    assert [row[2:] for row in rows[1:]] == [["", "0.00"], ["40.00", "40.00"], ["-15.50", "24.50"]]
    assert not any(cell.startswith("=") for row in rows for cell in row)


def test_residents_have_their_own_statement_alone(paid: PopulatedWorkspace) -> None:
    assert paid.resident.get(path(paid))["closing_balance"] == 2_450
    assert paid.neighbour.ask("GET", path(paid)).status_code == 404
    assert paid.neighbour.ask("GET", "/api/apartments/999999/statement/").status_code == 404
    assert paid.staff.ask("GET", path(paid)).status_code == 403
