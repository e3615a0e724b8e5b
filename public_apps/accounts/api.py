"""/api/me/: the signed-in person."""

from __future__ import annotations

from django.conf import settings
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.generics import RetrieveUpdateAPIView
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView

from public_apps.accounts import authority
from public_apps.accounts.api_key_authentication import ApiKeyAuthentication
from public_apps.accounts.models import Role, User
from public_apps.accounts.permissions import is_api_key, request_role
from public_apps.accounts.token_authentication import SessionTokenAuthentication


class MeSerializer(serializers.ModelSerializer[User]):
    language = serializers.ChoiceField(choices=settings.LANGUAGES)
    role = serializers.SerializerMethodField(help_text="in which whoever asks acts")
    organization = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "email", "first_name", "last_name", "language", "role", "organization")
        read_only_fields = ("id", "email")

    @extend_schema_field(serializers.ChoiceField(choices=Role.choices))
    def get_role(self, user: User) -> str:
        return request_role(self.context["request"])

    def get_organization(self, user: User) -> str:
        return str(self.context["request"].tenant.name)


class MachinesOnlyRead(BasePermission):
    """A key may find out for whom and in which role it acts, and change nothing of it."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.method in SAFE_METHODS or not is_api_key(request)


class MeView(RetrieveUpdateAPIView[User]):
    """Read yourself, and change your names and language."""

    authentication_classes = (ApiKeyAuthentication, SessionTokenAuthentication)
    permission_classes = (IsAuthenticated, MachinesOnlyRead)
    serializer_class = MeSerializer
    http_method_names = ["get", "patch", "head", "options"]

    def get_object(self) -> User:
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101 - the permission class has seen to it
        return user

    def perform_update(self, serializer: BaseSerializer[User]) -> None:
        """Write what was sent and nothing else: the rest may be another by now."""
        said = dict(serializer.validated_data)
        me = self.get_object()
        with authority.held(self.request, ""):
            for name, value in said.items():
                setattr(me, name, value)
            me.save(update_fields=list(said))
