"""Who moves in learns nothing of what the former tenant paid, owed, or wrote into a transfer."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from public_apps.accounts.models import Role, User
from public_apps.tenants.models import Tenant
from tenant_apps.buildings.models import Apartment, Building, Party, Residency
from tenant_apps.finances import queries, statements
from tenant_apps.finances.actions import corrections, drafts, issuing, payments
from tenant_apps.finances.models import Category, Charge, Method, Period
from tests.unit.visitors import visitor

FORMER = ("FORMER-EARLY", "FORMER-LATE", "FORMER-NOTE")


@dataclass(frozen=True)
class Flat:
    """An apartment whose tenant changed in the middle of last month."""

    apartment: Apartment
    manager: User
    new: Client
    month: date  # in which the tenant changed

    def issue(self, month: date, amount: int) -> Charge:
        """Issue a month; its one charge is the tenant's."""
        period: Period = drafts.open_period(building=self.apartment.building, month=month)
        drafts.add_expense(
            period=period, by=self.manager, category=Category.CLEANING, amount=amount,
            spent_on=month, description="stairs",
        )  # fmt: skip
        issuing.issue(period=period, by=self.manager)
        return Charge.objects.get(period=period, party=Party.TENANT)

    def pay(self, amount: int, day: int, reference: str) -> None:
        """Record a transfer of the month in which the tenant changed."""
        payments.record_payment(
            apartment=self.apartment, party=Party.TENANT, method=Method.BANK, amount=amount,
            paid_on=self.month.replace(day=day), by=self.manager, reference=reference,
        )  # fmt: skip

    def seen(self, path: str) -> str:
        """Return what the new tenant is answered."""
        answer = self.new.get(path)
        assert answer.status_code == 200, answer.content
        return answer.content.decode()


@pytest.fixture
def flat(tenant: Tenant) -> Flat:
    """The former tenant owes 30.00 of 100.00; the new one 80.00, and has paid 50.00."""
    month = (timezone.localdate().replace(day=1) - timedelta(days=1)).replace(day=1)
    before = (month - timedelta(days=1)).replace(day=1)
    building = Building.objects.create(name="Court of Time", address="Akti 1")
    apartment = Apartment.objects.create(building=building, number="A1", mills=1000)
    new = visitor(Role.RESIDENT)
    former = User.objects.create_user("former@unit.example", role=Role.RESIDENT)
    manager = User.objects.create_user("manager@unit.example", role=Role.MANAGER)
    for person, since, until in (
        (former, before, month.replace(day=14)),
        (User.objects.get(email="resident@unit.example"), month.replace(day=15), None),
    ):
        Residency.objects.create(
            apartment=apartment, user=person, kind=Party.TENANT, starts_on=since, ends_on=until
        )
    made = Flat(apartment=apartment, manager=manager, new=new, month=month)
    old = made.issue(before, 11_000)  # issued when the new tenant is there already
    corrections.correct_charge(charge=old, amount=-1_000, reason="FORMER-NOTE", by=manager)
    made.pay(4_000, 10, "FORMER-EARLY")
    made.pay(3_000, 20, "FORMER-LATE")
    made.issue(month, 8_000)
    made.pay(5_000, 25, "OF-MY-OWN")
    assert not queries.ledger_faults()
    return made


def test_the_new_tenants_statement_is_theirs_alone(flat: Flat) -> None:
    told = json.loads(flat.seen(f"/api/apartments/{flat.apartment.pk}/statement/"))
    assert [(line["kind"], line["amount"], line["balance"]) for line in told["lines"]] == [
        ("payment", -5_000, -5_000),
        ("issue", 8_000, 3_000),
    ]
    assert (told["opening_balance"], told["closing_balance"]) == (0, 3_000)


def test_neither_page_nor_file_nor_api_names_anything_of_the_former_tenants(flat: Flat) -> None:
    flat_page = f"/finances/apartments/{flat.apartment.pk}/"
    for path in (
        "/api/payments/", "/api/charges/", "/api/balances/",
        f"/api/apartments/{flat.apartment.pk}/statement/",
        f"/api/apartments/{flat.apartment.pk}/statement/?format=csv",
        flat_page, f"{flat_page}statement.csv", "/finances/",
    ):  # fmt: skip
        said = flat.seen(path)
        assert not [word for word in FORMER if word in said], path
    assert "OF-MY-OWN" in flat.seen("/api/payments/")
    assert "OF-MY-OWN" in flat.seen(f"{flat_page}statement.csv")


def test_what_is_owed_is_without_what_the_former_tenant_left(flat: Flat) -> None:
    assert queries.balances().get(party=Party.TENANT).known_balance == 6_000, "the manager's"
    (balance,) = json.loads(flat.seen("/api/balances/"))["results"]
    assert balance["balance"] == 3_000
    assert json.loads(flat.seen("/api/balances/?owing=false"))["results"] == []


def test_a_payment_of_theirs_does_not_tell_whose_debts_it_paid(flat: Flat) -> None:
    (payment,) = json.loads(flat.seen("/api/payments/"))["results"]
    assert payment["reference"] == "OF-MY-OWN"
    assert [paid["amount"] for paid in payment["allocations"]] == [2_000]


def test_managers_and_the_apartments_owner_see_all(flat: Flat) -> None:
    everything = statements.of_apartment(flat.apartment, parties=Party.values)
    assert len(everything.lines) == 6
    owner = User.objects.create_user("landlady@unit.example", role=Role.RESIDENT)
    Residency.objects.create(
        apartment=flat.apartment, user=owner, kind=Party.OWNER, starts_on=flat.month
    )
    seen = queries.statement_for(flat.apartment, user=owner)
    assert seen is not None
    parties, known = seen
    theirs = statements.of_apartment(flat.apartment, parties=parties, known=known)
    assert theirs.lines == everything.lines
