"""/api/members/: the people of the workspace."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts import authority
from public_apps.accounts.members import actions
from public_apps.accounts.models import Role, User
from public_apps.accounts.viewsets import ListModelMixin, RetrieveModelMixin, UpdateModelMixin

STATES = (("active", _("Active")), ("inactive", _("Deactivated")))


class MemberSerializer(serializers.ModelSerializer[User]):
    joined_at = serializers.DateTimeField(source="date_joined")

    class Meta:
        model = User
        fields = (
            "id", "email", "first_name", "last_name", "language", "role", "is_active",
            "joined_at", "last_login",
        )  # fmt: skip
        read_only_fields = fields


class MemberChangeSerializer(serializers.ModelSerializer[User]):
    role = serializers.ChoiceField(choices=Role.choices)

    class Meta:
        model = User
        fields = ("first_name", "last_name", "role")


class MemberFilter(filters.FilterSet):
    """By role and state, or by a part of the name or address."""

    role = filters.ChoiceFilter(choices=Role.choices)
    state = filters.ChoiceFilter(choices=STATES, method="in_state")
    search = filters.CharFilter(max_length=80, method="matching")

    def in_state(self, people: QuerySet[User], _name: str, state: str) -> QuerySet[User]:
        """Narrow down to those who can, or can't, sign in."""
        return people.filter(is_active=state == "active")

    def matching(self, people: QuerySet[User], _name: str, part: str) -> QuerySet[User]:
        """Narrow down to those whose name or address has this part."""
        return people.filter(
            Q(first_name__icontains=part) | Q(last_name__icontains=part) | Q(email__icontains=part)
        )


class MemberViewSet(ListModelMixin, RetrieveModelMixin, UpdateModelMixin):
    """Read the members, change names and roles, let somebody go or in again."""

    resource = "members"
    serializer_class = MemberSerializer
    filterset_class = MemberFilter
    ordering_fields: ClassVar[Any] = {
        "id": "id", "email": "email", "last_name": "last_name", "joined_at": "date_joined",
        "date_joined": "date_joined",  # deprecated: what is answered is called joined_at
    }  # fmt: skip

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.all()

    def filter_own(self, rows: QuerySet[User]) -> QuerySet[User]:
        return rows.filter(pk=self.user.pk)

    def get_input_serializer(self, *args: Any, **kwargs: Any) -> MemberChangeSerializer:
        return MemberChangeSerializer(*args, **kwargs)

    def get_object_for_update(self) -> User:
        """Return the member asked for, while nobody else changes any."""
        authority.one_at_a_time()
        member: User = super().get_object_for_update()
        return member

    def perform_update(self, serializer: Any) -> User:
        return actions.change(member=serializer.instance, by=self.user, **serializer.validated_data)

    @extend_schema(request=MemberChangeSerializer(partial=True), responses=MemberSerializer)
    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change names or the role."""
        return super().partial_update(request, *args, **kwargs)

    @extend_schema(request=None, responses=MemberSerializer)
    @action(detail=True, methods=["post"])
    def deactivate(self, request: Request, pk: int) -> Response:
        """Let a member go, or leave yourself: sessions, tokens and keys end at once."""
        return self.idempotent(
            lambda: self.told(actions.deactivate(member=self.get_object_for_update(), by=self.user))
        )

    @extend_schema(request=None, responses=MemberSerializer)
    @action(detail=True, methods=["post"])
    def reactivate(self, request: Request, pk: int) -> Response:
        """Let a member in again."""
        return self.idempotent(
            lambda: self.told(actions.reactivate(member=self.get_object_for_update(), by=self.user))
        )

    @extend_schema(request=None, responses=MemberSerializer)
    @action(detail=True, methods=["post"], url_path="transfer-ownership")
    def transfer_ownership(self, request: Request, pk: int) -> Response:
        """Make this member owner in your place; you become a manager."""
        return self.idempotent(
            lambda: self.told(
                actions.transfer_ownership(to=self.get_object_for_update(), by=self.user)
            )
        )

    def told(self, member: User) -> dict[str, Any]:
        """Return what the answer says of a member."""
        return dict(self.get_serializer(member).data)
