"""A month is issued once, to the cent, and stays as it was issued."""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest
from django.db import ProgrammingError, connection, transaction

from public_apps.audit.models import Entry as AuditEntry
from public_apps.core.errors import Refused
from public_apps.core.schema_context import inside
from tenant_apps.buildings import actions as buildings
from tenant_apps.finances import tasks
from tenant_apps.finances.actions import issuing
from tenant_apps.finances.models import Line, Share
from tests.customer import until
from tests.tenant_api.populated_workspace import LONG_AGO, PopulatedWorkspace, queries_of
from tests.tenant_apps.finances.month import OCTOBER, balances, charges, draft, issue, sound, spend


def test_issuing_shares_each_expense_to_the_cent(populated: PopulatedWorkspace) -> None:
    period = draft(populated)
    spend(populated, period, 10_001)
    spend(populated, period, 999, sharing="equal")
    first, second = populated.apartments[:2]
    spend(populated, period, 101, sharing="chosen", chosen=[first.pk, second.pk])
    previewed = populated.manager.get(f"/api/periods/{period.pk}/preview/")

    issue(populated, period)

    owed = {number: cents for (number, _party), cents in charges(populated).items()}
    assert owed == {"A1": 4001 + 250 + 51, "A2": 3000 + 250 + 50, "A3": 2250, "A4": 1000 + 249}
    assert {row["number"]: row["total"] for row in previewed["apartments"]} == owed
    assert sum(owed.values()) == previewed["total"] == 11_101
    assert sound(populated)
    with inside(populated.schema):
        assert AuditEntry.objects.filter(action="period.issued", target_id=period.pk).exists()


def test_where_a_tenant_lives_the_tenant_pays_what_is_the_tenants(
    populated: PopulatedWorkspace,
) -> None:
    period = draft(populated)
    with inside(populated.schema):
        buildings.add_residency(
            apartment=populated.apartments[0],
            user=populated.staff.user,
            kind="tenant",
            starts_on=LONG_AGO,
        )
        buildings.change_apartment(apartment=populated.apartments[1], tenant_name="Kostas")
    spend(populated, period, 1000)
    spend(populated, period, 500, paid_by="owner")
    issue(populated, period)
    assert charges(populated) == {
        ("A1", "tenant"): 400, ("A1", "owner"): 200,
        ("A2", "tenant"): 300, ("A2", "owner"): 150,
        ("A3", "owner"): 300, ("A4", "owner"): 150,
    }  # fmt: skip


@pytest.mark.parametrize("mills", [399, 401])
def test_mills_that_dont_sum_are_refused_and_nothing_is_issued(
    populated: PopulatedWorkspace, mills: int
) -> None:
    period = draft(populated)
    spend(populated, period)
    with inside(populated.schema):
        buildings.change_apartment(apartment=populated.apartments[0], mills=mills)
    path = f"/api/periods/{period.pk}/"
    told = populated.manager.post(f"{path}issue/", status=409)
    assert told["type"].endswith("mills-dont-sum")
    assert str(600 + mills) in told["detail"]
    preview = populated.manager.get(f"{path}preview/")
    assert (preview["issuable"], preview["problem"]) == (False, told["detail"])
    assert populated.manager.get(path)["status"] == "draft"
    assert charges(populated) == {}


def test_a_month_without_expenses_has_nothing_to_issue(populated: PopulatedWorkspace) -> None:
    told = populated.manager.post(f"/api/periods/{draft(populated).pk}/issue/", status=409)
    assert told["type"].endswith("nothing-to-issue")


def test_what_was_issued_cant_be_changed(populated: PopulatedWorkspace) -> None:
    period = draft(populated)
    expense = f"/api/expenses/{spend(populated, period)}/"
    issue(populated, period)
    for method, path, body in (
        ("PATCH", expense, {"amount": 1}),
        ("DELETE", expense, None),
        ("POST", "/api/expenses/", {"period": period.pk, "category": "water", "amount": 5,
                                    "spent_on": "2026-10-02"}),
        ("POST", f"/api/periods/{period.pk}/issue/", None),
        ("DELETE", f"/api/periods/{period.pk}/", None),
    ):  # fmt: skip
        answer = populated.manager.ask(method, path, json=body)
        assert (answer.status_code, answer.json()["type"].split("/")[-1]) == (409, "not-now")
    assert populated.manager.get(expense)["amount"] == 10_000


def test_the_database_itself_refuses_to_change_shares_and_lines(
    populated: PopulatedWorkspace,
) -> None:
    period = draft(populated)
    spend(populated, period)
    issue(populated, period)
    with inside(populated.schema):
        for model in (Share, Line):
            with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
                model.objects.update(amount=1)


def test_mills_that_change_later_change_nothing_that_was_issued(
    populated: PopulatedWorkspace,
) -> None:
    period = draft(populated)
    spend(populated, period)
    issue(populated, period)
    before = charges(populated)
    with inside(populated.schema):
        a1, a2 = populated.apartments[:2]
        buildings.set_mills(building=populated.building, mills={a1.pk: 300, a2.pk: 400})
    assert charges(populated) == before


def test_many_who_issue_at_once_issue_it_once(populated: PopulatedWorkspace) -> None:
    period = draft(populated)
    spend(populated, period)
    path = f"/api/periods/{period.pk}/issue/"
    ask = populated.manager.ask
    with ThreadPoolExecutor(max_workers=6) as pool:
        answers = list(pool.map(lambda _: ask("POST", path).status_code, range(6)))
    assert sorted(answers) == [200, 409, 409, 409, 409, 409]
    assert sum(charges(populated).values()) == 10_000
    assert sound(populated)


def test_an_expense_added_while_issuing_is_shared_or_refused(populated: PopulatedWorkspace) -> None:
    period = draft(populated)
    spend(populated, period, 700)
    body = {
        "period": period.pk, "category": "water", "amount": 300, "spent_on": "2026-10-02",
    }  # fmt: skip

    def do(number: int) -> int:
        if number == 3:
            return populated.manager.ask("POST", f"/api/periods/{period.pk}/issue/").status_code
        return populated.manager.ask("POST", "/api/expenses/", json=body).status_code

    with ThreadPoolExecutor(max_workers=8) as pool:
        answers = list(pool.map(do, range(8)))
    assert answers[3] == 200
    added = answers.count(201)
    assert added + answers.count(409) == 7
    assert sum(charges(populated).values()) == 700 + 300 * added
    assert sound(populated)


def test_only_what_was_previewed_is_issued_with_if_match(populated: PopulatedWorkspace) -> None:
    period = draft(populated)
    path = f"/api/periods/{period.pk}/"
    spend(populated, period)
    seen = populated.manager.ask("GET", path).headers["ETag"]
    spend(populated, period, 5)
    ask = populated.manager.ask
    assert ask("POST", f"{path}issue/", headers={"If-Match": seen}).status_code == 412
    seen = ask("GET", path).headers["ETag"]
    assert ask("POST", f"{path}issue/", headers={"If-Match": seen}).status_code == 200


def test_the_same_key_issues_once_and_answers_the_same(populated: PopulatedWorkspace) -> None:
    period = draft(populated)
    spend(populated, period)
    key = {"Idempotency-Key": secrets.token_hex(8)}
    path = f"/api/periods/{period.pk}/issue/"
    first, second = (populated.manager.ask("POST", path, headers=key) for _ in range(2))
    assert (first.status_code, first.json()) == (second.status_code, second.json())
    assert second.headers["Idempotent-Replayed"] == "true"


def test_a_month_is_begun_once(populated: PopulatedWorkspace) -> None:
    draft(populated)
    body = {"building": populated.building.pk, "month": "2026-10-17"}
    assert "month" in populated.manager.post("/api/periods/", body, status=409)["errors"]
    made = populated.manager.post("/api/periods/", {**body, "month": "2026-11-17"})
    assert made["month"] == "2026-11-01"


def test_only_an_issued_month_is_closed(populated: PopulatedWorkspace) -> None:
    period = draft(populated)
    path = f"/api/periods/{period.pk}/close/"
    populated.manager.post(path, status=409)
    spend(populated, period)
    issue(populated, period)
    assert populated.manager.post(path, status=200)["status"] == "closed"


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount", 0), ("amount", -5), ("amount", 10**20), ("category", "fun"), ("sharing", "chosen"),
     ("chosen", [10**9]), ("spent_on", "soon"), ("paid_by", "nobody")],
)  # fmt: skip
def test_what_no_expense_can_be_is_told_by_field(
    populated: PopulatedWorkspace, field: str, value: object
) -> None:
    period = draft(populated)
    body = {"period": period.pk, "category": "water", "amount": 5, "spent_on": "2026-10-02"}
    told = populated.manager.post("/api/expenses/", {**body, field: value}, status=400)
    assert ("chosen" if value == "chosen" else field) in told["errors"]


def test_apartments_of_another_building_cant_be_chosen(populated: PopulatedWorkspace) -> None:
    period = draft(populated)
    elsewhere = PopulatedWorkspace(populated.http_client)
    body = {
        "period": period.pk, "category": "water", "amount": 5, "spent_on": "2026-10-02",
        "sharing": "chosen", "chosen": [elsewhere.apartments[0].pk],
    }  # fmt: skip
    assert "chosen" in populated.manager.post("/api/expenses/", body, status=400)["errors"]


def test_an_expense_of_a_draft_can_be_changed_and_removed(populated: PopulatedWorkspace) -> None:
    period = draft(populated)
    path = f"/api/expenses/{spend(populated, period)}/"
    first = populated.apartments[0].pk
    changed = populated.manager.ask("PATCH", path, json={"sharing": "chosen", "chosen": [first]})
    assert (changed.status_code, changed.json()["chosen"]) == (200, [first])
    back = populated.manager.ask("PATCH", path, json={"sharing": "mills", "amount": 77})
    assert (back.json()["chosen"], back.json()["amount"]) == ([], 77)
    assert populated.manager.ask("DELETE", path).status_code == 204
    assert populated.manager.get(f"/api/periods/{period.pk}/")["expense_count"] == 0


def test_months_are_independent(populated: PopulatedWorkspace) -> None:
    october, november = draft(populated, OCTOBER), draft(populated, date(2026, 11, 1))
    spend(populated, october, 1000)
    spend(populated, november, 2000)
    issue(populated, november)
    assert sum(charges(populated).values()) == 2000
    issue(populated, october)
    assert sum(balances(populated).values()) == 3000


def test_a_large_month_is_issued_by_the_worker(
    populated: PopulatedWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = draft(populated)
    spend(populated, period, 1_001)
    with inside(populated.schema):
        monkeypatch.setattr(issuing, "MOST_AT_ONCE", 3)
        asked = issuing.issue(period=period, by=populated.owner.user)
        assert asked is not None
        with pytest.raises(Refused, match="just now"):
            issuing.issue(period=period, by=populated.owner.user)
    tasks.issue_large(schema=populated.schema, work_id=str(asked.pk))
    tasks.issue_large(schema=populated.schema, work_id=str(asked.pk))
    assert populated.manager.get(f"/api/work/{asked.pk}/")["status"] == "done"
    assert sum(charges(populated).values()) == 1_001
    assert sound(populated)


def test_the_worker_issues_nothing_that_was_changed_meanwhile(
    populated: PopulatedWorkspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    period = draft(populated)
    spend(populated, period)
    with inside(populated.schema):
        monkeypatch.setattr(issuing, "MOST_AT_ONCE", 3)
        asked = issuing.issue(period=period, by=populated.owner.user)
    assert asked is not None
    spend(populated, period, 5)
    tasks.issue_large(schema=populated.schema, work_id=str(asked.pk))
    told = populated.manager.get(f"/api/work/{asked.pk}/")
    assert (told["status"], populated.manager.get(f"/api/periods/{period.pk}/")["status"]) == (
        "refused",
        "draft",
    )


@pytest.mark.parametrize("path", ["periods", "expenses", "charges", "payments", "balances"])
def test_a_list_costs_the_same_whatever_its_length(
    populated: PopulatedWorkspace, path: str
) -> None:
    def live(month: int) -> None:
        period = draft(populated, date(2025, month, 1))
        spend(
            populated,
            period,
            1_000,
            sharing="chosen",
            chosen=[each.pk for each in populated.apartments],
        )
        issue(populated, period)
        body = {
            "apartment": populated.apartments[0].pk, "party": "owner", "method": "cash",
            "amount": 100, "paid_on": "2026-11-02",
        }  # fmt: skip
        populated.manager.post("/api/payments/", body)

    live(1)
    few = queries_of(populated, f"/api/{path}/?building={populated.building.pk}")
    for month in range(2, 6):
        live(month)
    assert queries_of(populated, f"/api/{path}/?building={populated.building.pk}") == few


def test_an_expense_that_comes_while_the_month_is_issued_waits_and_is_refused(
    populated: PopulatedWorkspace,
) -> None:
    period = draft(populated)
    spend(populated, period, 700)
    body = {"period": period.pk, "category": "water", "amount": 5, "spent_on": "2026-10-02"}
    assert populated.manager.token
    with ThreadPoolExecutor(max_workers=1) as pool:
        with inside(populated.schema), transaction.atomic():
            issuing.issue(period=period, by=populated.owner.user)
            late = pool.submit(populated.manager.ask, "POST", "/api/expenses/", json=body)
            until(somebody_waits, within=20)
        assert late.result().status_code == 409
    assert sum(charges(populated).values()) == 700
    assert sound(populated)


def somebody_waits() -> bool:
    """Whether some connection waits for a lock that another one holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
        return bool(cursor.fetchone()[0])
