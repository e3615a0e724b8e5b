"""A town's month with expenses, for tests about money."""

from __future__ import annotations

from datetime import date
from typing import Any

from public_apps.core.schema_context import inside
from tenant_apps.finances import queries
from tenant_apps.finances.actions import drafts
from tenant_apps.finances.models import Period
from tests.tenant_api.populated_workspace import PopulatedWorkspace

OCTOBER = date(2026, 10, 1)


def draft(populated: PopulatedWorkspace, month: date = OCTOBER) -> Period:
    """Begin a month of the shared workspace's building, which has its four apartments."""
    assert populated.apartments
    with inside(populated.schema):
        return drafts.open_period(building=populated.building, month=month)


def spend(populated: PopulatedWorkspace, period: Period, amount: int = 10_000, **said: Any) -> int:
    """Add an expense by the API; return its id."""
    body = {
        "period": period.pk, "category": "cleaning", "amount": amount,
        "spent_on": period.month.isoformat(), **said,
    }  # fmt: skip
    return int(populated.manager.post("/api/expenses/", body)["id"])


def issue(populated: PopulatedWorkspace, period: Period) -> Any:
    """Issue the month by the API."""
    answer = populated.manager.post(f"/api/periods/{period.pk}/issue/", status=200)
    assert answer["period"]["status"] == "issued"
    return answer


def charges(populated: PopulatedWorkspace, **narrowed: Any) -> dict[tuple[str, str], int]:
    """Return what the building's apartments were charged: number and party → cents."""
    query = "&".join(f"{name}={value}" for name, value in narrowed.items())
    rows = populated.manager.get(f"/api/charges/?building={populated.building.pk}&{query}")[
        "results"
    ]
    return {(row["apartment_number"], row["party"]): row["amount"] for row in rows}


def balances(populated: PopulatedWorkspace) -> dict[tuple[str, str], int]:
    """Return what the building's apartments owe in all."""
    rows = populated.manager.get(f"/api/balances/?building={populated.building.pk}")["results"]
    return {(row["apartment_number"], row["party"]): row["balance"] for row in rows}


def sound(populated: PopulatedWorkspace) -> bool:
    """Whether the books agree with themselves; what doesn't is shown."""
    with inside(populated.schema):
        faults = queries.ledger_faults()
    assert not faults, faults
    return True
