"""/api/invitations/: asking people to join, and their joining, which takes no sign-in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db.models import QuerySet
from django.urls import reverse
from django.utils.translation import gettext as _
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from public_apps.accounts.invitations import actions, links
from public_apps.accounts.models import Invitation, InvitationState, Role
from public_apps.accounts.viewsets import CreateModelMixin, ListModelMixin, RetrieveModelMixin
from public_apps.core import clock
from public_apps.core.errors import Gone
from public_apps.core.names import check_shown
from public_apps.core.rest import email_fields
from public_apps.core.rest.etags import created
from public_apps.core.rest.openapi import ProblemSerializer
from public_apps.core.rest.throttling import Limit

PROBLEM = OpenApiResponse(ProblemSerializer)
LONGEST_KEY = 100


class InvitationSerializer(serializers.ModelSerializer[Invitation]):
    serializer_field_mapping = email_fields.COLUMNS
    state = serializers.ChoiceField(choices=InvitationState.choices, read_only=True)
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)
    role = serializers.ChoiceField(choices=Role.choices)
    invited_by = serializers.EmailField(source="invited_by.email", read_only=True)

    class Meta:
        model = Invitation
        fields = (
            "id", "email", "first_name", "last_name", "language", "role", "state", "invited_by",
            "created_at", "mailed_at", "expires_at", "accepted_at", "revoked_at", "member",
        )  # fmt: skip
        read_only_fields = fields[7:]


class InvitationFilter(filters.FilterSet):
    """By state, role and address."""

    state = filters.ChoiceFilter(choices=InvitationState.choices, method="in_state")
    role = filters.ChoiceFilter(choices=Role.choices)
    email = filters.CharFilter(lookup_expr="iexact", max_length=254)

    def in_state(
        self, invitations: QuerySet[Invitation], _name: str, state: str
    ) -> QuerySet[Invitation]:
        """Narrow down to those that stand there now."""
        if state == InvitationState.ACCEPTED:
            return invitations.filter(accepted_at__isnull=False)
        if state == InvitationState.REVOKED:
            return invitations.filter(revoked_at__isnull=False)
        waiting = invitations.filter(accepted_at=None, revoked_at=None)
        now = clock.now()
        if state == InvitationState.OPEN:
            return waiting.filter(expires_at__gt=now)
        return waiting.filter(expires_at__lte=now)


class InvitationViewSet(ListModelMixin, RetrieveModelMixin, CreateModelMixin):
    """Invite people by mail, remind them, take an invitation back."""

    resource = "invitations"
    serializer_class = InvitationSerializer
    filterset_class = InvitationFilter
    ordering_fields = ("id", "email", "created_at", "expires_at")

    def get_queryset(self) -> QuerySet[Invitation]:
        return Invitation.objects.select_related("invited_by")

    def perform_create(self, serializer: Any) -> Invitation:
        return actions.invite(by=self.user, **serializer.validated_data)

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def resend(self, request: Request, pk: int) -> Response:
        """Send another mail; its link works from now on, the one before no longer."""
        return self.idempotent(
            lambda: self.told(actions.resend(invitation=self.get_object(), by=self.user))
        )

    @extend_schema(request=None, responses=InvitationSerializer)
    @action(detail=True, methods=["post"])
    def revoke(self, request: Request, pk: int) -> Response:
        """Take an open invitation back."""
        return self.idempotent(
            lambda: self.told(actions.revoke(invitation=self.get_object(), by=self.user))
        )

    def told(self, invitation: Invitation) -> dict[str, Any]:
        """Return what the answer says of an invitation."""
        return dict(self.get_serializer(invitation).data)


class InvitationKeySerializer(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=LONGEST_KEY)


class AcceptanceSerializer(InvitationKeySerializer):
    password = serializers.CharField(max_length=128, trim_whitespace=False)
    first_name = serializers.CharField(max_length=80, validators=[check_shown])
    last_name = serializers.CharField(max_length=80, validators=[check_shown])
    language = serializers.ChoiceField(choices=settings.LANGUAGES, required=False)


class InvitedSerializer(serializers.ModelSerializer[Invitation]):
    """What somebody who holds the link sees of their invitation."""

    organization = serializers.SerializerMethodField()
    invited_by = serializers.CharField(source="invited_by.get_full_name")

    class Meta:
        model = Invitation
        fields = (
            "email", "first_name", "last_name", "language", "role", "organization", "invited_by",
            "expires_at",
        )  # fmt: skip
        read_only_fields = fields

    def get_organization(self, _invitation: Invitation) -> str:
        return str(self.context["request"].tenant.name)


class JoinedSerializer(serializers.Serializer[Any]):
    email = serializers.EmailField()


class InvitationLimit(Limit):
    """So many keys per address of a client: nobody tries them out."""

    scope = "invitation"


class StrangersView(APIView):
    """For people who are invited and have no account yet."""

    authentication_classes = ()
    permission_classes = (AllowAny,)
    throttle_classes = (InvitationLimit,)


class PreviewView(StrangersView):
    @extend_schema(
        operation_id="invitations_preview",
        request=InvitationKeySerializer,
        responses={200: InvitedSerializer, **dict.fromkeys((400, 402, 410, 415, 429), PROBLEM)},
    )
    def post(self, request: Request) -> Response:
        """What the invitation with this key says; looking spends nothing."""
        given = InvitationKeySerializer(data=request.data)
        given.is_valid(raise_exception=True)
        invitation = links.find(given.validated_data["key"])
        if invitation is None:
            raise Gone(_("This invitation no longer works. Please ask for a new one."))
        return Response(InvitedSerializer(invitation, context={"request": request}).data)


class AcceptView(StrangersView):
    @extend_schema(
        operation_id="invitations_accept",
        request=AcceptanceSerializer,
        responses={
            201: JoinedSerializer,
            **dict.fromkeys((400, 402, 409, 410, 415, 429), PROBLEM),
        },
    )
    def post(self, request: Request) -> Response:
        """Join with a password of one's own; then sign in with the address that it answers with."""
        given = AcceptanceSerializer(data=request.data)
        given.is_valid(raise_exception=True)
        member = actions.accept(**given.validated_data)
        place = reverse("members-detail", args=[member.pk])
        return created({"email": member.email}, at=place)
