"""The shapes of /api/requests/."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from public_apps.accounts.models import User
from public_apps.accounts.permissions import Scope
from public_apps.accounts.person_fields import NamedSerializer
from tenant_apps.buildings import queries as buildings
from tenant_apps.files.models import Kind
from tenant_apps.requests import queries, workflow
from tenant_apps.requests.actions import MOST_ATTACHMENTS
from tenant_apps.requests.models import Attachment, Comment, ServiceRequest, Status, Step


class AttachmentSerializer(serializers.ModelSerializer[Attachment]):
    """Download it at `attachments/<id>/` of the request."""

    id = serializers.UUIDField(source="file_id", read_only=True)
    name = serializers.CharField(source="file.name", read_only=True)
    kind = serializers.ChoiceField(source="file.kind", choices=Kind.choices, read_only=True)
    size = serializers.IntegerField(source="file.size", read_only=True, help_text="in bytes")

    class Meta:
        model = Attachment
        fields = ("id", "name", "kind", "size")
        read_only_fields = fields


class FileIdsField(serializers.ListField):
    """The ids of what is attached; sent, those of uploads to be attached."""

    child = serializers.UUIDField()

    def get_attribute(self, instance: ServiceRequest) -> list[UUID]:
        return [each.file_id for each in instance.attachments.all()]


class ServiceRequestSerializer(serializers.ModelSerializer[ServiceRequest]):
    opened_by = NamedSerializer(read_only=True, allow_null=True)
    assigned_to = NamedSerializer(read_only=True, allow_null=True)
    attachments = AttachmentSerializer(many=True, read_only=True)
    next_statuses = serializers.SerializerMethodField(help_text="what you may move it to now")
    files = FileIdsField(
        required=False,
        max_length=MOST_ATTACHMENTS,
        help_text="ids of what is attached; sent, ids of your uploads",
    )

    class Meta:
        model = ServiceRequest
        fields = (
            "id", "building", "apartment", "category", "priority", "status", "title",
            "description", "opened_by", "assigned_to", "created_at", "ended_at", "attachments",
            "next_statuses", "version", "files",
        )  # fmt: skip
        read_only_fields = ("id", "status", "created_at", "ended_at", "version")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.context.get("scope") is Scope.OWN:
            # What residents may not see is as good as not there, also as a value.
            me = self.context["request"].user
            self._narrow("building", buildings.buildings_of(me))
            self._narrow("apartment", buildings.apartments_of(me))

    def get_next_statuses(self, request: ServiceRequest) -> list[Status]:
        me = self.context["request"].user
        return workflow.next_statuses(
            request,
            desk=self.context["scope"] is Scope.ALL,
            opener=request.opened_by_id == me.pk,
        )

    def _narrow(self, field: str, rows: Any) -> None:
        self.fields[field].queryset = rows  # type: ignore[attr-defined]  # it is a related field


class RequestChangeSerializer(ServiceRequestSerializer):
    """What is attached has a call of its own."""

    files = FileIdsField(read_only=True)


class MoveSerializer(serializers.Serializer[Any]):
    """A step along the workflow."""

    status = serializers.ChoiceField(choices=Status.choices)
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")


@extend_schema_serializer(deprecate_fields=["person"])
class AssignSerializer(serializers.Serializer[Any]):
    """Who is responsible now; null: nobody."""

    assigned_to = serializers.PrimaryKeyRelatedField[User](
        queryset=queries.desk(), allow_null=True, required=False
    )
    person = serializers.PrimaryKeyRelatedField[User](
        queryset=queries.desk(),
        allow_null=True,
        required=False,
        help_text="deprecated: send `assigned_to`, as it is answered",
    )
    note = serializers.CharField(max_length=1000, required=False, allow_blank=True, default="")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take whoever is named by either name; somebody, or nobody, must be."""
        if "person" in attrs:
            attrs.setdefault("assigned_to", attrs.pop("person"))
        if "assigned_to" not in attrs:
            message = self.fields["assigned_to"].error_messages["required"]
            raise serializers.ValidationError({"assigned_to": [message]}, code="required")
        return attrs


class AttachSerializer(serializers.Serializer[Any]):
    """Uploads of yours that nothing has taken yet."""

    files = serializers.ListField(
        child=serializers.UUIDField(), min_length=1, max_length=MOST_ATTACHMENTS
    )


class CommentSerializer(serializers.ModelSerializer[Comment]):
    author = NamedSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Comment
        fields = ("id", "at", "author", "body", "internal")
        read_only_fields = ("id", "at")


class StepSerializer(serializers.ModelSerializer[Step]):
    by = NamedSerializer(read_only=True, allow_null=True)
    assigned_to = NamedSerializer(read_only=True, allow_null=True)

    class Meta:
        model = Step
        fields = ("at", "by", "status", "assigned_to", "note")
        read_only_fields = fields
