"""What was issued is put right by entries beside it, to the cent."""

from __future__ import annotations

import pytest

from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_apps.finances.month import balances, draft, issue, sound, spend


@pytest.fixture
def issued(populated: PopulatedWorkspace) -> PopulatedWorkspace:
    """October is issued with 100.01 by mills."""
    period = draft(populated)
    spend(populated, period, 10_001)
    issue(populated, period)
    return populated


def charge_of(populated: PopulatedWorkspace, number: str) -> str:
    """Return the path of an apartment's first charge."""
    rows = populated.manager.get(f"/api/charges/?building={populated.building.pk}&ordering=id")[
        "results"
    ]
    return next(f"/api/charges/{row['id']}/" for row in rows if row["apartment_number"] == number)


def test_a_reversed_expense_is_given_back_to_the_cent(issued: PopulatedWorkspace) -> None:
    path = f"/api/expenses/?building={issued.building.pk}"
    expense = issued.manager.get(path)["results"][0]["id"]
    reverse = f"/api/expenses/{expense}/reverse/"
    told = issued.manager.post(reverse, {"reason": "Not ours"}, status=200)
    assert told["reversal_reason"] == "Not ours"
    assert set(balances(issued).values()) == {0}
    assert sound(issued)
    issued.manager.post(reverse, {"reason": "Twice"}, status=409)


def test_a_charge_is_lowered_by_a_credit_note_and_raised_by_another_charge(
    issued: PopulatedWorkspace,
) -> None:
    path = charge_of(issued, "A1")
    lower = {"amount": -1_500, "reason": "Away all month"}
    made = issued.manager.post(f"{path}correct/", lower)
    assert (made["charge"], balances(issued)["A1", "owner"]) == (None, 2_501)
    note = issued.manager.get(f"/api/payments/{made['payment']}/")
    assert (note["method"], note["amount"], note["note"]) == (
        "credit_note",
        1_500,
        "Away all month",
    )
    issued.manager.post(f"{path}correct/", {"amount": 700, "reason": "Was at home"})
    assert balances(issued)["A1", "owner"] == 3_201
    assert sound(issued)


def test_a_charge_cant_be_lowered_below_nothing(issued: PopulatedWorkspace) -> None:
    path = charge_of(issued, "A1")
    issued.manager.post(f"{path}correct/", {"amount": -3_000, "reason": "Most of it"})
    told = issued.manager.post(
        f"{path}correct/", {"amount": -1_002, "reason": "Too much"}, status=400
    )
    assert "amount" in told["errors"]
    assert (
        "amount"
        in issued.manager.post(f"{path}correct/", {"amount": 0, "reason": "Nothing"}, status=400)[
            "errors"
        ]
    )


def test_a_credit_note_cant_be_reversed_as_a_payment(issued: PopulatedWorkspace) -> None:
    path = charge_of(issued, "A1")
    made = issued.manager.post(f"{path}correct/", {"amount": -5, "reason": "Rounding"})
    issued.manager.post(f"/api/payments/{made['payment']}/reverse/", {"reason": "No"}, status=409)


def test_nothing_of_a_closed_month_is_corrected(issued: PopulatedWorkspace) -> None:
    path = charge_of(issued, "A1")
    period = issued.manager.get(path)["period"]
    issued.manager.post(f"/api/periods/{period}/close/", status=200)
    issued.manager.post(f"{path}correct/", {"amount": 5, "reason": "Late"}, status=409)


def test_a_draft_is_changed_and_not_corrected(populated: PopulatedWorkspace) -> None:
    expense = spend(populated, draft(populated))
    populated.manager.post(f"/api/expenses/{expense}/reverse/", {"reason": "Early"}, status=409)
