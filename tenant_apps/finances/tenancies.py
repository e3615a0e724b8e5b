"""What of an apartment's books is a tenant's own, and what the former one's.

The books know an apartment's tenant, not who that was when: a payment holds no person. So it is told
by days. A month is whoever's who lives there on its last day; money that came before somebody moved in,
or went wholly into months before, is not theirs: it isn't shown, and is in none of their sums.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce

from tenant_apps.buildings.models import Party, Residency
from tenant_apps.finances.models import Allocation, Line, Payment


def first_month(residency: Residency) -> date:
    """Return the first month that a tenant is charged for."""
    return residency.starts_on.replace(day=1)


def payments_of(residency: Residency) -> Q:
    """Return what payments are like that a tenant may know of."""
    before = Q(charge__period__month__lt=first_month(residency))
    paid = Allocation.objects.filter(charge__apartment=residency.apartment_id)
    into_former = paid.filter(before).values("payment")
    into_own = paid.exclude(before).values("payment")
    is_formers = Q(pk__in=into_former, allocated=F("amount")) & ~Q(pk__in=into_own)
    corrects_own = Q(corrects=None) | Q(corrects__period__month__gte=first_month(residency))
    mine = Q(apartment=residency.apartment_id, party=Party.TENANT)
    return mine & Q(paid_on__gte=residency.starts_on) & corrects_own & ~is_formers


def lines_of(residency: Residency) -> Q:
    """Return what lines of the ledger are like that a tenant may know of, among their account's."""
    known = Payment.objects.filter(payments_of(residency)).values("pk")
    months = Q(entry__period__month__gte=first_month(residency))
    return months | Q(entry__period=None, entry__payment__in=known)


def balance_of(lines: Q) -> Any:
    """Return an expression: what an account's balance is by these lines alone, in cents."""
    rows = Line.objects.filter(lines)
    return Coalesce(_sum(rows, "debit"), Value(0)) - Coalesce(_sum(rows, "credit"), Value(0))


def _sum(rows: QuerySet[Line], side: str) -> Subquery:
    own = rows.filter(**{side: OuterRef("pk")}).order_by().values(side)
    return Subquery(own.annotate(cents=Sum("amount")).values("cents"))
