"""How lists of months, expenses, charges and payments may be narrowed."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import F, QuerySet

from tenant_apps.buildings.models import Party
from tenant_apps.finances import queries
from tenant_apps.finances.models import (
    Account,
    Category,
    Charge,
    Expense,
    Method,
    Payment,
    Period,
    Status,
)


class PeriodFilter(django_filters.FilterSet):
    building = django_filters.NumberFilter(field_name="building_id")
    month = django_filters.DateFilter()
    status = django_filters.ChoiceFilter(choices=Status.choices, method="has_status")

    class Meta:
        model = Period
        fields: list[str] = []

    def has_status(self, rows: QuerySet[Period], name: str, value: str) -> QuerySet[Period]:
        """Narrow down by a status, which is told by the times."""
        if value == Status.DRAFT:
            return rows.filter(issued_at=None)
        return rows.filter(issued_at__isnull=False, closed_at__isnull=value == Status.ISSUED)


class ExpenseFilter(django_filters.FilterSet):
    building = django_filters.NumberFilter(field_name="period__building_id")
    period = django_filters.NumberFilter(field_name="period_id")
    category = django_filters.ChoiceFilter(choices=Category.choices)
    since = django_filters.DateFilter(field_name="spent_on", lookup_expr="gte")
    until = django_filters.DateFilter(field_name="spent_on", lookup_expr="lte")

    class Meta:
        model = Expense
        fields: list[str] = []


class ChargeFilter(django_filters.FilterSet):
    building = django_filters.NumberFilter(field_name="period__building_id")
    period = django_filters.NumberFilter(field_name="period_id")
    apartment = django_filters.NumberFilter(field_name="apartment_id")
    party = django_filters.ChoiceFilter(choices=Party.choices)
    unpaid = django_filters.BooleanFilter(method="is_unpaid")

    class Meta:
        model = Charge
        fields: list[str] = []

    def is_unpaid(self, rows: QuerySet[Charge], name: str, value: bool) -> QuerySet[Charge]:
        """Narrow down to what is still owed, or to what is wholly paid."""
        return queries.unpaid(rows) if value else rows.filter(paid=F("amount"))


class PaymentFilter(django_filters.FilterSet):
    building = django_filters.NumberFilter(field_name="apartment__building_id")
    apartment = django_filters.NumberFilter(field_name="apartment_id")
    party = django_filters.ChoiceFilter(choices=Party.choices)
    method = django_filters.ChoiceFilter(choices=Method.choices)
    since = django_filters.DateFilter(field_name="paid_on", lookup_expr="gte")
    until = django_filters.DateFilter(field_name="paid_on", lookup_expr="lte")

    class Meta:
        model = Payment
        fields: list[str] = []


class BalanceFilter(django_filters.FilterSet):
    building = django_filters.NumberFilter(field_name="building_id")
    apartment = django_filters.NumberFilter(field_name="apartment_id")
    party = django_filters.ChoiceFilter(choices=Party.choices)
    owing = django_filters.BooleanFilter(method="owes")

    class Meta:
        model = Account
        fields: list[str] = []

    def owes(self, rows: QuerySet[Any], name: str, value: bool) -> QuerySet[Any]:
        """Narrow down to those that owe something, or to those that don't."""
        return rows.filter(known_balance__gt=0) if value else rows.filter(known_balance__lte=0)
