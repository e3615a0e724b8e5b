"""/api/workspace/: the workspace itself."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.viewsets import WorkspaceViewSet
from public_apps.core.names import check_shown
from public_apps.tenants.models import Tenant
from public_apps.tenants.workspace import actions


class WorkspaceSerializer(serializers.ModelSerializer[Tenant]):
    name = serializers.CharField(max_length=120, validators=[check_shown])
    language = serializers.ChoiceField(choices=settings.LANGUAGES)

    currency = serializers.SerializerMethodField(
        help_text="of all amounts in the workspace that have no currency beside them (ISO 4217)"
    )

    class Meta:
        model = Tenant
        fields = ("name", "language", "currency")

    def get_currency(self, _tenant: Tenant) -> str:
        return str(settings.STRIPE.currency)


class WorkspaceView(WorkspaceViewSet):
    """There is one, so it has no id."""

    resource = "workspace"
    serializer_class = WorkspaceSerializer
    pagination_class = None  # type: ignore[assignment]  # one row is no list
    filter_backends = ()  # type: ignore[assignment]

    def get_queryset(self) -> QuerySet[Tenant]:
        nothing: QuerySet[Tenant] = Tenant.objects.none()
        return nothing

    def retrieve(self, request: Request) -> Response:
        """Its name, its currency, and the language for people whose own it does not know."""
        return self.response_for(actions.current(request.tenant.pk))  # type: ignore[attr-defined]

    @extend_schema(request=WorkspaceSerializer(partial=True))
    def partial_update(self, request: Request) -> Response:
        """Change the name or the language."""
        tenant = request.tenant  # type: ignore[attr-defined]  # what TenantRequest declares
        with self.held():
            said: dict[str, Any] = self.get_valid_serializer(partial=True).validated_data
            return self.response_for(actions.change(tenant=tenant, by=self.user, **said))
