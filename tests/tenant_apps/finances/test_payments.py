"""Payments pay the oldest first, count once, and can be taken back."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from typing import Any

import pytest

from public_apps.core.schema_context import inside
from tenant_apps.buildings import actions as buildings
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_apps.finances.month import OCTOBER, balances, draft, issue, sound, spend

SEPTEMBER = date(2026, 9, 1)


def pay(populated: PopulatedWorkspace, amount: int, *, status: int = 201, **said: Any) -> Any:
    """Record a payment for A1's owner by the API."""
    body = {
        "apartment": populated.apartments[0].pk, "party": "owner", "method": "bank", "amount": amount,
        "paid_on": "2026-11-02", **said,
    }  # fmt: skip
    return populated.manager.post("/api/payments/", body, status=status)


@pytest.fixture
def owing(populated: PopulatedWorkspace) -> PopulatedWorkspace:
    """A1 owes 40.00 for September and 80.00 for October."""
    for month, amount in ((SEPTEMBER, 10_000), (OCTOBER, 20_000)):
        period = draft(populated, month)
        spend(populated, period, amount)
        issue(populated, period)
    return populated


def unpaid(populated: PopulatedWorkspace) -> list[tuple[str, int]]:
    """Return what A1 still owes, by month."""
    path = (
        f"/api/charges/?apartment={populated.apartments[0].pk}&unpaid=true&ordering=period__month"
    )
    return [(row["month"][:7], row["open"]) for row in populated.manager.get(path)["results"]]


def test_a_payment_pays_the_oldest_charges_first(owing: PopulatedWorkspace) -> None:
    made = pay(owing, 5_000)
    assert [(each["month"], each["amount"]) for each in made["allocations"]] == [
        ("2026-09-01", 4_000),
        ("2026-10-01", 1_000),
    ]
    assert unpaid(owing) == [("2026-10", 7_000)]
    assert sound(owing)


def test_what_is_paid_too_much_stays_and_pays_the_next_month(owing: PopulatedWorkspace) -> None:
    assert pay(owing, 15_000)["credit"] == 3_000
    assert balances(owing)["A1", "owner"] == -3_000
    november = draft(owing, date(2026, 11, 1))
    spend(owing, november, 10_000)
    issue(owing, november)
    assert unpaid(owing) == [("2026-11", 1_000)]
    assert sound(owing)


def test_the_banks_reference_counts_once(owing: PopulatedWorkspace) -> None:
    pay(owing, 1_000, reference="TX-1")
    assert "reference" in pay(owing, 1_000, reference="tx-1", status=409)["errors"]
    assert balances(owing)["A1", "owner"] == 11_000


def test_a_payment_sent_twice_with_its_key_counts_once(owing: PopulatedWorkspace) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}
    body = {
        "apartment": owing.apartments[0].pk, "party": "owner", "method": "cash",
        "amount": 500, "paid_on": "2026-11-02",
    }  # fmt: skip
    ask = owing.manager.ask
    with ThreadPoolExecutor(max_workers=4) as pool:
        answers = list(
            pool.map(
                lambda _: ask("POST", "/api/payments/", json=body, headers=key).status_code,
                range(4),
            )
        )
    assert set(answers) <= {201, 409}
    assert 201 in answers
    assert balances(owing)["A1", "owner"] == 11_500


def test_payments_at_once_never_pay_the_same_charge_twice(owing: PopulatedWorkspace) -> None:
    with ThreadPoolExecutor(max_workers=6) as pool:
        list(pool.map(lambda _: pay(owing, 3_000), range(6)))
    assert unpaid(owing) == []
    assert balances(owing)["A1", "owner"] == 12_000 - 18_000
    assert sound(owing)


def test_a_payment_while_the_month_is_issued_is_kept_whole(owing: PopulatedWorkspace) -> None:
    november = draft(owing, date(2026, 11, 1))
    spend(owing, november, 10_000)

    def do(number: int) -> None:
        if number == 2:
            issue(owing, november)
        else:
            pay(owing, 5_000)

    with ThreadPoolExecutor(max_workers=5) as pool:
        list(pool.map(do, range(5)))
    assert balances(owing)["A1", "owner"] == 16_000 - 20_000
    assert unpaid(owing) == []
    assert sound(owing)


def test_a_reversed_payment_leaves_its_charges_open_again(owing: PopulatedWorkspace) -> None:
    made = pay(owing, 5_000)
    path = f"/api/payments/{made['id']}/reverse/"
    told = owing.manager.post(path, {"reason": "Bounced"}, status=200)
    assert (told["allocated"], told["credit"], told["reversal_reason"]) == (0, 0, "Bounced")
    assert unpaid(owing) == [("2026-09", 4_000), ("2026-10", 8_000)]
    assert sound(owing)
    owing.manager.post(path, {"reason": "Again"}, status=409)
    pay(owing, 5_000)
    assert unpaid(owing) == [("2026-10", 7_000)]


def test_a_reversal_lets_other_credit_pay(owing: PopulatedWorkspace) -> None:
    first, _second = pay(owing, 10_000), pay(owing, 6_000)
    owing.manager.post(f"/api/payments/{first['id']}/reverse/", {"reason": "Bounced"}, status=200)
    assert sum(cents for _month, cents in unpaid(owing)) == 6_000
    assert sound(owing)


def test_owner_and_tenant_pay_their_own(owing: PopulatedWorkspace) -> None:
    with inside(owing.schema):
        buildings.change_apartment(apartment=owing.apartments[0], tenant_name="Kostas")
    november = draft(owing, date(2026, 11, 1))
    spend(owing, november, 1_000)
    issue(owing, november)
    assert pay(owing, 300, party="tenant")["credit"] == 0
    assert balances(owing)["A1", "tenant"] == 100
    assert balances(owing)["A1", "owner"] == 12_000


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", 0), ("amount", -1), ("method", "barter"), ("method", "credit_note"),
     ("party", ""), ("apartment", 10**9), ("paid_on", "2026-13-01")],
)  # fmt: skip
def test_what_no_payment_can_be_is_told_by_field(
    populated: PopulatedWorkspace, field: str, value: Any
) -> None:
    body = {"amount": 100, field: value}
    assert field in pay(populated, **body, status=400)["errors"]


def test_residents_see_their_own_money_alone(owing: PopulatedWorkspace) -> None:
    pay(owing, 5_000)
    anna, petros = owing.resident, owing.neighbour
    for path in ("charges", "payments", "balances"):
        rows = anna.get(f"/api/{path}/")["results"]
        assert {row["apartment"] for row in rows} == {owing.apartments[0].pk}
    assert petros.get("/api/payments/")["results"] == []
    hers = anna.get("/api/charges/")["results"][0]["id"]
    assert anna.get(f"/api/charges/{hers}/")["shares"]
    assert petros.ask("GET", f"/api/charges/{hers}/").status_code == 404
    assert anna.ask("POST", "/api/payments/", json={}).status_code == 403
    assert len(anna.get("/api/periods/")["results"]) == 2
    draft(owing, date(2026, 12, 1))
    assert len(anna.get("/api/periods/")["results"]) == 2
    assert len(anna.get("/api/expenses/")["results"]) == 2


def test_a_new_tenant_sees_nothing_of_the_one_before(owing: PopulatedWorkspace) -> None:
    apartment = owing.apartments[0]
    with inside(owing.schema):
        buildings.change_apartment(apartment=apartment, tenant_name="Kostas")
    for month in (date(2026, 7, 1), date(2026, 12, 1)):
        period = draft(owing, month)
        spend(owing, period, 1_000)
        issue(owing, period)
    newcomer = owing.person(owing.resident.user.role, "Iris")  # type: ignore[arg-type]
    with inside(owing.schema):
        buildings.add_residency(
            apartment=apartment, user=newcomer.user, kind="tenant", starts_on=date(2026, 11, 15)
        )
    rows = newcomer.get("/api/charges/")["results"]
    assert [(row["month"], row["party"]) for row in rows] == [("2026-12-01", "tenant")]
