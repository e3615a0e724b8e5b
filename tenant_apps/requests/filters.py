"""How lists of requests are narrowed."""

from __future__ import annotations

from django_filters import rest_framework as filters

from tenant_apps.requests.models import Category, Priority, ServiceRequest, Status


class RequestFilter(filters.FilterSet):
    # Numbers, not choices of rows: an unknown building and one that is none of yours look alike.
    building = filters.NumberFilter(field_name="building_id")
    apartment = filters.NumberFilter(field_name="apartment_id")
    assigned_to = filters.NumberFilter(field_name="assigned_to_id")
    category = filters.MultipleChoiceFilter(choices=Category.choices)
    priority = filters.MultipleChoiceFilter(choices=Priority.choices)
    status = filters.MultipleChoiceFilter(choices=Status.choices)
    under_way = filters.BooleanFilter(field_name="ended_at", lookup_expr="isnull")

    class Meta:
        model = ServiceRequest
        fields: list[str] = []
