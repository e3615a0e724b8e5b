"""/api/exports/: an owner takes everything along."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.viewsets import ListModelMixin, RetrieveModelMixin
from public_apps.core.idempotency import Content
from public_apps.core.schema_context import in_public
from public_apps.tenants.archives import download_links, exports
from public_apps.tenants.models import Export, ExportStatus, Tenant


class ExportSerializer(serializers.ModelSerializer[Export]):
    status = serializers.ChoiceField(choices=ExportStatus.choices, read_only=True)

    class Meta:
        model = Export
        fields = (
            "id", "status", "asked_at", "asked_by", "done", "parts", "size", "finished_at",
            "expires_at", "failed_at",
        )  # fmt: skip
        read_only_fields = fields


class LinkSerializer(serializers.Serializer[Any]):
    url = serializers.URLField(help_text="to be opened by a browser, without a token")
    expires_at = serializers.DateTimeField()


class ExportViewSet(ListModelMixin, RetrieveModelMixin):
    """Archives of everything, each for a week: asked for, made by the worker, fetched by a link."""

    resource = "exports"
    serializer_class = ExportSerializer
    queryset = Export.objects.none()
    lookup_value_converter = "uuid"
    ordering_fields: ClassVar[Any] = ("asked_at",)
    ordering = "-asked_at"
    checks_version = False

    def get_queryset(self) -> QuerySet[Export]:
        return exports.kept_for(getattr(self.request, "tenant", None))

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Those that have not expired."""
        with in_public():
            return super().list(request, *args, **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """How far it is: `done` of `parts`."""
        with in_public():
            return super().retrieve(request, *args, **kwargs)

    @extend_schema(request=None, responses={201: ExportSerializer})
    def create(self, request: Request) -> Response:
        """Have one made, or go on with the one under way; a mail tells when it is there."""

        def work() -> Content:
            export = exports.request_export(tenant=self._tenant, by=self.user)
            return Content(ExportSerializer(export).data, {"Location": self.get_location(export)})

        return self.idempotent(work, status=201)

    @extend_schema(request=None, responses=LinkSerializer)
    @action(detail=True, methods=["post"])
    def link(self, request: Request, pk: Any) -> Response:
        """A link to the archive, good for ten minutes. Ask again for another."""
        # Not remembered under an Idempotency-Key: whoever has the link has the archive.
        with in_public():
            export = self.get_object()
        made = download_links.make(export=export, tenant=self._tenant, by=self.user)
        return Response(LinkSerializer(made).data)

    @property
    def _tenant(self) -> Tenant:
        tenant: Tenant = self.request.tenant  # type: ignore[attr-defined]  # as TenantRequest
        return tenant
