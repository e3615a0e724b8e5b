"""How lists of votes are narrowed."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from tenant_apps.votes import queries
from tenant_apps.votes.models import State, Vote


class VoteFilter(filters.FilterSet):
    # A number, not a choice of rows: an unknown building and one that is none of yours look alike.
    building = filters.NumberFilter(field_name="building_id")
    state = filters.ChoiceFilter(choices=State.choices, method="in_state")

    class Meta:
        model = Vote
        fields: list[str] = []

    def in_state(self, rows: QuerySet[Vote], name: str, value: str) -> QuerySet[Vote]:
        return queries.in_state(value, rows)
