"""/api/deletion/: an owner asks for the end of the workspace, and may undo that for some days."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.viewsets import WorkspaceViewSet
from public_apps.tenants.models import Departure, Tenant
from public_apps.tenants.offboarding import deletion_requests


class DepartureSerializer(serializers.ModelSerializer[Departure]):
    undo_until = serializers.DateTimeField(source="begins_at")

    class Meta:
        model = Departure
        fields = ("aim", "asked_at", "undo_until", "can_be_undone")
        read_only_fields = fields


class DeletionSerializer(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="the workspace's name, to be sure")
    password = serializers.CharField(help_text="the owner's own", write_only=True)


class DeletionView(WorkspaceViewSet):
    """There is one at most, so it has no id."""

    resource = "deletion"
    serializer_class = DepartureSerializer
    pagination_class = None  # type: ignore[assignment]  # so few are no pages
    filter_backends = ()  # type: ignore[assignment]

    def get_queryset(self) -> QuerySet[Departure]:
        return Departure.objects.none()

    def retrieve(self, request: Request) -> Response:
        """What is under way, and until when it can be undone; 404 if nothing is."""
        departure = deletion_requests.current(self._tenant)
        if departure is None:
            raise Http404
        return Response(DepartureSerializer(departure).data)

    @extend_schema(request=DeletionSerializer, responses={201: DepartureSerializer})
    def create(self, request: Request) -> Response:
        """Suspend the workspace and end its subscription now; erase everything some days later."""
        # Not remembered under an Idempotency-Key, for there is a password in it; it counts once anyway.
        departure = deletion_requests.request_deletion(
            request=request._request, tenant=self._tenant, by=self.user, **self.get_validated_data()
        )
        return Response(DepartureSerializer(departure).data, status=201)

    def destroy(self, request: Request) -> Response:
        """Undo it: everything is as it was, but for the subscription, which has ended."""
        with self.held():
            deletion_requests.undo(tenant=self._tenant, by=self.user)
        return Response(status=204)

    def get_input_serializer(self, *args: Any, **kwargs: Any) -> DeletionSerializer:
        return DeletionSerializer(*args, **kwargs)

    @property
    def _tenant(self) -> Tenant:
        tenant: Tenant = self.request.tenant  # type: ignore[attr-defined]  # as TenantRequest
        return tenant
