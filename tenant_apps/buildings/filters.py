"""How lists of buildings, apartments and residencies may be narrowed."""

from __future__ import annotations

import django_filters
from django.db.models import QuerySet

from tenant_apps.buildings import queries
from tenant_apps.buildings.models import Apartment, Building, Party, Residency, Work


class BuildingFilter(django_filters.FilterSet):
    name = django_filters.CharFilter(lookup_expr="icontains")

    class Meta:
        model = Building
        fields: list[str] = []


class ApartmentFilter(django_filters.FilterSet):
    building = django_filters.NumberFilter(field_name="building_id")
    number = django_filters.CharFilter(lookup_expr="iexact")
    floor = django_filters.NumberFilter()

    class Meta:
        model = Apartment
        fields: list[str] = []


class ResidencyFilter(django_filters.FilterSet):
    building = django_filters.NumberFilter(field_name="apartment__building_id")
    apartment = django_filters.NumberFilter(field_name="apartment_id")
    user = django_filters.NumberFilter(field_name="user_id")
    kind = django_filters.ChoiceFilter(choices=Party.choices)
    current = django_filters.BooleanFilter(method="hold_today")

    class Meta:
        model = Residency
        fields: list[str] = []

    def hold_today(
        self, rows: QuerySet[Residency], name: str, value: bool | None
    ) -> QuerySet[Residency]:
        """Narrow down to residencies that hold today, or to those that don't."""
        return rows.filter(queries.current()) if value else rows.exclude(queries.current())


class WorkFilter(django_filters.FilterSet):
    kind = django_filters.ChoiceFilter(choices=Work.Kind.choices)
    subject_id = django_filters.NumberFilter()

    class Meta:
        model = Work
        fields: list[str] = []
