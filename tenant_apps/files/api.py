"""/api/files/: upload first, then name the file's id where it is to be attached."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser

from public_apps.accounts.viewsets import CreateModelMixin, DestroyModelMixin, RetrieveModelMixin
from tenant_apps.files import actions, queries
from tenant_apps.files.models import Kind, StoredFile


class UploadSerializer(serializers.Serializer[Any]):
    """One file: PDF, image, document, table or text, of at most 10 MiB."""

    file = serializers.FileField(allow_empty_file=True)  # emptiness is the action's to refuse


class StoredFileSerializer(serializers.ModelSerializer[StoredFile]):
    kind = serializers.ChoiceField(choices=Kind.choices, read_only=True)

    class Meta:
        model = StoredFile
        fields = ("id", "name", "kind", "size", "sha256", "created_at")
        read_only_fields = fields


@extend_schema_view(create=extend_schema(request={"multipart/form-data": UploadSerializer}))
class FileViewSet(RetrieveModelMixin, CreateModelMixin, DestroyModelMixin):
    """Uploads that wait for their uploader; attached ones are where they belong."""

    resource = "files"
    permissions = """
              owner    manager  staff    resident
    create    all      all      all      all
    retrieve  own      own      own      own
    destroy   own      own      own      own
    """
    serializer_class = StoredFileSerializer
    queryset = StoredFile.objects.none()
    parser_classes = (MultiPartParser,)
    lookup_value_converter = "uuid"

    def get_queryset(self) -> QuerySet[StoredFile]:
        return StoredFile.objects.all()

    def filter_own(self, rows: QuerySet[StoredFile]) -> QuerySet[StoredFile]:
        return queries.waiting_for(self.user)

    def get_input_serializer(self, *args: Any, **kwargs: Any) -> UploadSerializer:
        return UploadSerializer(data=kwargs["data"])

    def perform_create(self, serializer: Any) -> StoredFile:
        return actions.keep(serializer.validated_data["file"], by=self.user)

    def perform_destroy(self, instance: StoredFile) -> None:
        actions.discard(instance)
