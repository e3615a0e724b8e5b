"""/api/audit/ on a tenant's host: what was done in the workspace, for its owners to see."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from rest_framework import serializers
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated

from public_apps.accounts.permissions import HasWorkspacePermission
from public_apps.audit.models import Entry
from public_apps.core.rest.filters import KnownQuery, MomentFilter
from public_apps.core.rest.pagination import Cursor


class EntrySerializer(serializers.ModelSerializer[Entry]):
    class Meta:
        model = Entry
        fields = (
            "id", "at", "actor", "impersonator", "api_key", "action", "target_type", "target_id",
            "target", "detail",
        )  # fmt: skip


class EntryFilter(filters.FilterSet):
    since = MomentFilter(field_name="at", lookup_expr="gte")
    until = MomentFilter(field_name="at", lookup_expr="lt")

    class Meta:
        model = Entry
        fields = ("action", "actor", "impersonator", "api_key", "target_type", "target_id")


class AuditView(KnownQuery, ListAPIView[Entry]):
    """Every deed of the workspace, newest first, those of our support in somebody's name included."""

    serializer_class = EntrySerializer
    operation = "audit.list"
    refusal = _("Only owners of the workspace may read its log.")
    permission_classes = (IsAuthenticated, HasWorkspacePermission)
    pagination_class = Cursor
    filter_backends = (filters.DjangoFilterBackend,)
    filterset_class = EntryFilter

    def get_queryset(self) -> QuerySet[Entry]:
        """Return the log of the schema that the request works in."""
        return Entry.objects.order_by("-pk")
