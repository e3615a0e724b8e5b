"""/api/announcements/"""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.person_fields import NamedSerializer
from public_apps.accounts.viewsets import ModelViewSet
from tenant_apps.announcements import actions, queries
from tenant_apps.announcements.filters import AnnouncementFilter
from tenant_apps.announcements.models import Announcement, State


class AnnouncementSerializer(serializers.ModelSerializer[Announcement]):
    state = serializers.ChoiceField(choices=State.choices, read_only=True)
    author = NamedSerializer(read_only=True, allow_null=True)
    read_at = serializers.DateTimeField(
        read_only=True, allow_null=True, help_text="when you have read it"
    )
    read_by = serializers.IntegerField(read_only=True, help_text="how many have read it")

    class Meta:
        model = Announcement
        fields = (
            "id", "title", "body", "building", "publish_at", "expires_at", "pinned", "state",
            "author", "created_at", "read_at", "read_by", "version",
        )  # fmt: skip
        read_only_fields = ("id", "created_at", "version")


class AnnouncementViewSet(ModelViewSet):
    """What a building's people are told; residents see what is published for them."""

    resource = "announcements"
    permissions = """
                    owner    manager  staff    resident
    list            all      all      all      own
    retrieve        all      all      all      own
    create          all      all      all      -
    partial_update  all      all      own      -
    destroy         all      all      own      -
    mark_read       all      all      all      own
    """
    serializer_class = AnnouncementSerializer
    queryset = Announcement.objects.none()
    filterset_class = AnnouncementFilter
    ordering = "-publish_at"
    ordering_fields = ("publish_at", "created_at")

    def get_queryset(self) -> QuerySet[Announcement]:
        return queries.for_reader(self.user)

    def filter_own(self, rows: QuerySet[Announcement]) -> QuerySet[Announcement]:
        if self.action in {"partial_update", "destroy"}:
            return rows.filter(author=self.user)
        return queries.meant_for(self.user, rows)

    def perform_create(self, serializer: Any) -> Announcement:
        return self._read_anew(actions.post(by=self.user, **serializer.validated_data))

    def perform_update(self, serializer: Any) -> Announcement:
        return self._read_anew(
            actions.change(announcement=serializer.instance, **serializer.validated_data)
        )

    def perform_destroy(self, instance: Announcement) -> None:
        actions.withdraw(announcement=instance, by=self.user)

    @extend_schema(request=None, responses=AnnouncementSerializer)
    @action(detail=True, methods=["post"], url_path="read", checks_version=False)
    def mark_read(self, request: Request, pk: int) -> Response:
        """Note that you have read it."""

        def work() -> Any:
            found = self.get_object()
            actions.mark_read(announcement=found, by=self.user)
            return self.get_serializer(self._read_anew(found)).data

        return self.idempotent(work)

    def _read_anew(self, announcement: Announcement) -> Announcement:
        return self.get_queryset().get(pk=announcement.pk)
