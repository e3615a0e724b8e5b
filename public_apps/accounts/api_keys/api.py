"""/api/keys/: keys for machines, made and revoked by people."""

from __future__ import annotations

import json
from typing import Any, ClassVar

from django.core.serializers.json import DjangoJSONEncoder
from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.api_keys import actions
from public_apps.accounts.encryption import seal, unseal
from public_apps.accounts.models import ApiKey, Role
from public_apps.accounts.viewsets import ListModelMixin, RetrieveModelMixin, WorkspaceViewSet
from public_apps.core.idempotency import Content

PURPOSE = "concierge.api-key"


class ApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    member = serializers.EmailField(source="user.email")

    class Meta:
        model = ApiKey
        fields = (
            "id", "name", "prefix", "role", "member", "created_at", "expires_at", "last_used_at",
            "revoked_at",
        )  # fmt: skip
        read_only_fields = fields


class NewApiKeySerializer(serializers.ModelSerializer[ApiKey]):
    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = ApiKey
        fields = ("name", "role", "expires_at")


class MadeApiKeySerializer(ApiKeySerializer):
    key = serializers.CharField(help_text="The key itself, shown this once.")

    class Meta:
        model = ApiKey
        fields = (*ApiKeySerializer.Meta.fields, "key")
        read_only_fields = fields


class ApiKeyFilter(filters.FilterSet):
    """Those that still work, or that were revoked."""

    state = filters.ChoiceFilter(
        choices=(("active", "Active"), ("revoked", "Revoked")), method="in_state"
    )

    def in_state(self, keys: QuerySet[ApiKey], _name: str, state: str) -> QuerySet[ApiKey]:
        """Narrow down to revoked keys, or to the others."""
        return keys.filter(revoked_at__isnull=state == "active")


class ApiKeyViewSet(ListModelMixin, RetrieveModelMixin, WorkspaceViewSet):
    """Your keys; owners see, and can revoke, everybody's."""

    resource = "keys"
    serializer_class = ApiKeySerializer
    filterset_class = ApiKeyFilter
    ordering_fields: ClassVar[Any] = {
        "id": "id", "name": "name", "created_at": "created_at",
        # A key that was never used stands by when it was made: pages know no rows without a value.
        "last_used_at": "last_used_or_made",
    }  # fmt: skip

    def get_queryset(self) -> QuerySet[ApiKey]:
        rows = ApiKey.objects.select_related("user")
        return rows.annotate(last_used_or_made=Coalesce("last_used_at", "created_at"))

    def filter_own(self, rows: QuerySet[ApiKey]) -> QuerySet[ApiKey]:
        return rows.filter(user=self.user)

    def get_input_serializer(self, *args: Any, **kwargs: Any) -> NewApiKeySerializer:
        return NewApiKeySerializer(*args, **kwargs)

    @extend_schema(request=NewApiKeySerializer, responses={201: MadeApiKeySerializer})
    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make a key in a role that is not above yours; it is shown in this answer only."""
        answer = self.idempotent(self._made, status=201)
        if "sealed" in answer.data:
            answer.data = json.loads(unseal(answer.data["sealed"], purpose=PURPOSE))
        return answer

    @extend_schema(request=None, responses=ApiKeySerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: int) -> Response:
        """Revoke a key at once and for good."""
        return self.idempotent(
            lambda: self.get_serializer(actions.revoke(key=self.get_object(), by=self.user)).data
        )

    def _made(self) -> Content:
        """Return the answer sealed: it is remembered for whoever repeats an Idempotency-Key."""
        key, secret = actions.make(user=self.user, **self.get_validated_data())
        shown = {**self.get_serializer(key).data, "key": secret}
        sealed = seal(json.dumps(shown, cls=DjangoJSONEncoder), purpose=PURPOSE)
        return Content({"sealed": sealed}, {"Location": self.get_location(key)})
