"""/api/me/: the signed-in person."""

from __future__ import annotations

from django.conf import settings
from rest_framework import serializers
from rest_framework.generics import RetrieveUpdateAPIView

from public_apps.accounts.models import User


class MeSerializer(serializers.ModelSerializer[User]):
    language = serializers.ChoiceField(choices=settings.LANGUAGES)
    organization = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ("id", "email", "first_name", "last_name", "language", "role", "organization")
        read_only_fields = ("id", "email", "role")

    def get_organization(self, user: User) -> str:
        return str(self.context["request"].tenant.name)


class MeView(RetrieveUpdateAPIView[User]):
    """Read yourself, and change your names and language."""

    serializer_class = MeSerializer
    http_method_names = ["get", "patch", "head", "options"]

    def get_object(self) -> User:
        user = self.request.user
        assert isinstance(user, User)  # noqa: S101 - the permission class has seen to it
        return user
