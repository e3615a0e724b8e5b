"""How lists of announcements are narrowed."""

from __future__ import annotations

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from tenant_apps.announcements import queries
from tenant_apps.announcements.models import Announcement, State


class AnnouncementFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=State.choices, method="in_state")
    unread = filters.BooleanFilter(field_name="read_at", lookup_expr="isnull")

    class Meta:
        model = Announcement
        fields = ("building", "pinned")

    def in_state(
        self, rows: QuerySet[Announcement], name: str, value: str
    ) -> QuerySet[Announcement]:
        return queries.in_state(value, rows)
