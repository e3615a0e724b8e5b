"""Whatever is done in whatever order, the books agree with themselves and sum to zero."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from public_apps.core.errors import Problem
from public_apps.core.schema_context import inside
from tenant_apps.buildings import actions as buildings
from tenant_apps.buildings.models import Apartment, Building
from tenant_apps.finances import queries
from tenant_apps.finances.actions import corrections, drafts, issuing, payments
from tenant_apps.finances.models import Account, AccountKind, Charge, Expense, Payment, Period
from tests.tenant_api.populated_workspace import PopulatedWorkspace

CENTS = st.integers(min_value=1, max_value=1_000_000)
DEEDS = st.lists(
    st.tuples(
        st.sampled_from(["spend", "spend", "issue", "pay", "pay", "correct", "reverse", "undo"]),
        CENTS,
        st.integers(min_value=0, max_value=50),
    ),
    min_size=4,
    max_size=24,
)
# Whatever splits a thousand in four, some of them zero.
MILLS = st.lists(st.integers(min_value=0, max_value=1000), min_size=3, max_size=3).map(
    lambda cuts: [b - a for a, b in zip([0, *sorted(cuts)], [*sorted(cuts), 1000], strict=True)]
)


class Undone(Exception):
    """Ends an example: nothing of it stays."""


class House:
    """A building where deeds are done at random; those that are refused change nothing."""

    def __init__(self, populated: PopulatedWorkspace, mills: list[int]) -> None:
        self.by = populated.owner.user
        self.building: Building = buildings.add_building(
            name=f"House {secrets.token_hex(6)}", address="Elaion 6"
        )
        self.apartments: list[Apartment] = [
            buildings.add_apartment(
                tenant=populated.workspace.tenant,
                building=self.building,
                number=str(number),
                mills=share,
                tenant_name="Kostas" if number % 2 else "",
            )
            for number, share in enumerate(mills)
        ]

    def do(self, deed: str, cents: int, pick: int) -> None:
        """Do one deed, unless it is refused."""
        deeds: dict[str, Callable[[int, int], Any]] = {
            "spend": self.spend, "issue": self.issue, "pay": self.pay, "correct": self.correct,
            "reverse": self.reverse, "undo": self.undo,
        }  # fmt: skip
        try:
            with transaction.atomic():
                deeds[deed](cents, pick)
        except Problem:
            return

    def spend(self, cents: int, pick: int) -> None:
        """Add an expense to the draft, whichever way it is shared."""
        drafts.add_expense(
            period=self.draft(),
            by=self.by,
            category="reserve" if pick % 5 == 0 else "water",
            amount=cents,
            spent_on=date(2026, 1, 1),
            sharing=["mills", "equal", "chosen"][pick % 3],
            paid_by=["owner", "tenant"][pick % 2],
            chosen=self.apartments[: 1 + pick % 4] if pick % 3 == 2 else (),
        )

    def issue(self, cents: int, pick: int) -> None:
        """Issue the draft."""
        issuing.issue(period=self.draft(), by=self.by)

    def pay(self, cents: int, pick: int) -> None:
        """Pay something for some apartment."""
        payments.record_payment(
            apartment=self.apartments[pick % 4],
            party=["owner", "tenant"][pick % 2],
            method="cash",
            amount=cents,
            paid_on=date(2026, 1, 1 + pick % 28),
            by=self.by,
        )

    def correct(self, cents: int, pick: int) -> None:
        """Correct a charge, up or down."""
        charges = list(Charge.objects.filter(period__building=self.building).order_by("pk"))
        if charges:
            charge = charges[pick % len(charges)]
            amount = cents if pick % 2 else -(1 + cents % charge.amount)
            corrections.correct_charge(charge=charge, amount=amount, reason="Odd", by=self.by)

    def reverse(self, cents: int, pick: int) -> None:
        """Reverse an issued expense."""
        expenses = list(Expense.objects.filter(period__building=self.building).order_by("pk"))
        if expenses:
            expense = expenses[pick % len(expenses)]
            corrections.reverse_expense(expense=expense, reason="Not ours", by=self.by)

    def undo(self, cents: int, pick: int) -> None:
        """Reverse a payment."""
        found = list(Payment.objects.filter(apartment__building=self.building).order_by("pk"))
        if found:
            payments.reverse_payment(payment=found[pick % len(found)], reason="Bounced", by=self.by)

    def draft(self) -> Period:
        """Return the month that is a draft, begun if need be."""
        periods = Period.objects.filter(building=self.building)
        open_one = periods.filter(issued_at=None).first()
        if open_one is not None:
            return open_one
        count = periods.count()
        month = date(2020 + count // 12, 1 + count % 12, 1)
        return drafts.open_period(building=self.building, month=month)

    def check(self) -> None:
        """See that no rule of bookkeeping is broken."""
        assert queries.ledger_faults() == []
        accounts = Account.objects.filter(building=self.building)
        assert (accounts.aggregate(cents=Sum("balance"))["cents"] or 0) == 0
        for account in accounts.filter(kind=AccountKind.APARTMENT):
            mine = {"apartment": account.apartment, "party": account.party}
            owed = sum(charge.open for charge in Charge.objects.filter(**mine))
            credit = sum(payment.credit for payment in Payment.objects.filter(**mine))
            assert account.balance == owed - credit
            assert not (owed and credit), "a credit stands beside an open charge"


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(DEEDS, MILLS)
def test_after_any_sequence_of_deeds_the_ledger_sums_to_zero(
    populated: PopulatedWorkspace, deeds: list[tuple[str, int, int]], mills: list[int]
) -> None:
    assert populated.owner.user.pk
    with inside(populated.schema), pytest.raises(Undone):
        live(populated, deeds, mills)


@transaction.atomic
def live(
    populated: PopulatedWorkspace, deeds: list[tuple[str, int, int]], mills: list[int]
) -> None:
    """Do all deeds in a new house, checking after each; always ends by `Undone`."""
    house = House(populated, mills)
    for deed, cents, pick in deeds:
        house.do(deed, cents, pick)
        house.check()
    raise Undone
