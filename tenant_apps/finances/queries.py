"""What may be asked about money; a resident sees what concerns them, and for their own time only."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import accumulate
from typing import Any

from django.db.models import (
    BigIntegerField,
    Case,
    Count,
    F,
    OuterRef,
    Prefetch,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
    When,
)
from django.db.models.functions import Coalesce, TruncMonth

from public_apps.accounts.models import User
from tenant_apps.buildings import queries as buildings
from tenant_apps.buildings.models import Apartment, Building, Party
from tenant_apps.finances import tenancies
from tenant_apps.finances.models import (
    Account,
    AccountKind,
    Allocation,
    Charge,
    ChargeKind,
    Expense,
    Line,
    Payment,
    Period,
    Share,
)


def periods() -> QuerySet[Period]:
    """Return months with the number and the sum of their expenses."""
    return Period.objects.annotate(
        expense_count=Count("expenses"), expense_total=Coalesce(Sum("expenses__amount"), Value(0))
    )


def drafts() -> QuerySet[Period]:
    """Return months that have expenses and wait to be issued."""
    return periods().filter(issued_at=None, pk__in=Expense.objects.values("period"))


def own_periods(rows: QuerySet[Period], *, user: User) -> QuerySet[Period]:
    """Narrow down to issued months of buildings where somebody owns or rents today."""
    return rows.filter(issued_at__isnull=False, building__in=buildings.buildings_of(user))


def own_charges(rows: QuerySet[Charge], *, user: User) -> QuerySet[Charge]:
    """Narrow down to what somebody's apartments owe: of an owner all, of a tenant their own."""
    return rows.filter(_concerning(user, month="period__month"))


def own_payments(rows: QuerySet[Payment], *, user: User) -> QuerySet[Payment]:
    """Narrow down to payments for somebody's apartments: of an owner all, of a tenant their own.

    What they paid shows only what the person may see of that, too.
    """
    found = Q(pk__in=[])
    for residency in buildings.residencies_of(user):
        if residency.kind == Party.OWNER:
            found |= Q(apartment=residency.apartment_id)
        else:
            found |= tenancies.payments_of(residency)
    charges = own_charges(Charge.objects.all(), user=user).values("pk")
    known = Allocation.objects.filter(charge__in=charges).select_related("charge__period")
    narrowed = rows.filter(found).prefetch_related(None)
    return narrowed.prefetch_related(Prefetch("allocations", queryset=known))


def own_expenses(rows: QuerySet[Expense], *, user: User) -> QuerySet[Expense]:
    """Narrow down to issued expenses that somebody has a share in."""
    concerning = _concerning(user, prefix="shares__", month="period__month")
    return rows.filter(pk__in=Expense.objects.filter(concerning).values("pk"))


def own_accounts(rows: QuerySet[Any], *, user: User) -> QuerySet[Any]:
    """Narrow down to balances of somebody's apartments: of an owner all, of a tenant their own.

    A tenant's is without what the former one left (`known_balance`).
    """
    found, whens = Q(pk__in=[]), []
    for residency in buildings.residencies_of(user):
        mine = Q(apartment=residency.apartment_id)
        if residency.kind == Party.TENANT:
            mine &= Q(party=Party.TENANT)
            told = tenancies.balance_of(tenancies.lines_of(residency))
            whens.append(When(mine, then=told))
        found |= mine
    narrowed: QuerySet[Any] = rows.filter(found).annotate(
        known_balance=Case(*whens, default=F("balance"), output_field=BigIntegerField())
    )
    return narrowed


def shares_of(charge: Charge) -> QuerySet[Share]:
    """Return the shares that a month's charge sums up; none for a correction."""
    shares = Share.objects.filter(
        expense__period=charge.period_id, apartment=charge.apartment_id, party=charge.party
    )
    if charge.kind != ChargeKind.SHARES:
        shares = shares.none()
    return shares.select_related("expense").order_by("pk")


def unpaid(rows: QuerySet[Charge]) -> QuerySet[Charge]:
    """Narrow down to charges that are not wholly paid."""
    return rows.filter(paid__lt=F("amount"))


def balances(*, building: Building | None = None) -> QuerySet[Any]:
    """Return apartments' accounts; a positive balance is owed, a negative one a credit.

    `known_balance` is what whoever asks may know of it: all, unless `own_accounts` narrows it down.
    """
    found = Account.objects.filter(kind=AccountKind.APARTMENT).select_related("apartment")
    found = found.annotate(known_balance=F("balance"))
    return found if building is None else found.filter(building=building)


def statement_for(apartment: Apartment, *, user: User | None) -> tuple[list[str], Q] | None:
    """Return whose lines of an apartment somebody may see, and which; None for nothing at all.

    `None` for the user stands for those who may see everything.
    """
    if user is None:
        return list(Party.values), Q()
    mine = list(buildings.residencies_of(user).filter(apartment=apartment))
    if any(residency.kind == Party.OWNER for residency in mine):
        return list(Party.values), Q()
    if mine:
        return [Party.TENANT.value], tenancies.lines_of(mine[0])
    return None


def money_by_month(building: Building, *, months: int, until: date) -> list[tuple[date, int]]:
    """Return a building's money, in cents, at the end of each of so many months, up to `until`'s."""
    bank = Account.objects.filter(building=building, kind=AccountKind.BANK).first()
    first = until.replace(day=1)
    wanted = [first]
    while len(wanted) < months:
        wanted.append((wanted[-1] - timedelta(days=1)).replace(day=1))
    wanted.reverse()
    if bank is None:
        return [(month, 0) for month in wanted]
    moved: dict[date, int] = {}
    for side, sign in (("debit", 1), ("credit", -1)):
        rows = Line.objects.filter(**{side: bank}).annotate(month=TruncMonth("entry__booked_on"))
        for month, cents in rows.values_list("month").annotate(cents=Sum("amount")):
            moved[month] = moved.get(month, 0) + sign * cents
    before = sum(cents for month, cents in moved.items() if month < wanted[0])
    totals = accumulate((moved.get(month, 0) for month in wanted), initial=before)
    return list(zip(wanted, list(totals)[1:], strict=True))


def ledger_faults() -> list[str]:
    """Return where the books don't agree with themselves; nothing, as long as all is well."""
    faults: list[str] = []
    accounts = Account.objects.annotate(
        given=Coalesce(_sum_of("debit"), Value(0)), taken=Coalesce(_sum_of("credit"), Value(0))
    )
    wrong = accounts.exclude(balance=F("given") - F("taken"))
    faults += [f"account {account.pk} says {account.balance}" for account in wrong]
    sums = Account.objects.values_list("building").annotate(cents=Sum("balance"))
    faults += [f"building {building} sums to {cents}" for building, cents in sums if cents]
    owed = Charge.objects.annotate(got=Coalesce(Sum("allocations__amount"), Value(0)))
    faults += [f"charge {charge.pk}" for charge in owed.exclude(paid=F("got"))]
    spent = Payment.objects.annotate(gave=Coalesce(Sum("allocations__amount"), Value(0)))
    faults += [f"payment {payment.pk}" for payment in spent.exclude(allocated=F("gave"))]
    issued = Expense.objects.filter(period__issued_at__isnull=False)
    shared = issued.annotate(cents=Coalesce(Sum("shares__amount"), Value(0)))
    return faults + [f"expense {expense.pk}" for expense in shared.exclude(cents=F("amount"))]


def _sum_of(side: str) -> Any:
    lines = Line.objects.filter(**{side: OuterRef("pk")}).order_by().values(side)
    return Subquery(lines.annotate(cents=Sum("amount")).values("cents"))


def _concerning(user: User, *, month: str, prefix: str = "") -> Q:
    found = Q(pk__in=[])
    for residency in buildings.residencies_of(user):
        mine = Q(**{f"{prefix}apartment": residency.apartment_id})
        if residency.kind == Party.TENANT:
            since = tenancies.first_month(residency)
            mine &= Q(**{f"{prefix}party": Party.TENANT, f"{month}__gte": since})
        found |= mine
    return found
