"""/api/requests/"""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.permissions import Scope
from public_apps.accounts.viewsets import (
    CreateModelMixin,
    ListModelMixin,
    RetrieveModelMixin,
    UpdateModelMixin,
)
from public_apps.core.idempotency import Content
from public_apps.core.rest.deprecation import Deprecation
from tenant_apps.files import serving
from tenant_apps.requests import actions, queries, serializers
from tenant_apps.requests.filters import RequestFilter
from tenant_apps.requests.models import Attachment, ServiceRequest

# Who is made responsible is called `assigned_to` wherever it is answered, and now where it is sent.
PERSON = Deprecation(since=date(2026, 12, 1), sunset=date(2027, 12, 1))


class RequestViewSet(ListModelMixin, RetrieveModelMixin, CreateModelMixin, UpdateModelMixin):
    """What people ask of whoever looks after their building; residents see their own."""

    resource = "requests"
    permissions = """
                    owner    manager  staff    resident
    list            all      all      all      own
    retrieve        all      all      all      own
    create          all      all      all      own
    partial_update  all      all      all      own
    move            all      all      all      own
    assign          all      all      all      -
    history         all      all      all      own
    comments        all      all      all      own
    comment         all      all      all      own
    attach          all      all      all      own
    attachment      all      all      all      own
    """
    serializer_class = serializers.ServiceRequestSerializer
    queryset = ServiceRequest.objects.none()
    filterset_class = RequestFilter
    list_actions = ("list", "history", "comments")
    ordering = "-created_at"
    ordering_fields = ("created_at",)

    def get_queryset(self) -> QuerySet[ServiceRequest]:
        return queries.everything()

    def filter_own(self, rows: QuerySet[ServiceRequest]) -> QuerySet[ServiceRequest]:
        return queries.opened_by(self.user, rows)

    def perform_create(self, serializer: Any) -> ServiceRequest:
        return self._read_anew(actions.open_request(by=self.user, **serializer.validated_data))

    def get_serializer_class(self) -> type[serializers.ServiceRequestSerializer]:
        changes = self.action == "partial_update"
        return serializers.RequestChangeSerializer if changes else self.serializer_class

    def perform_update(self, serializer: Any) -> ServiceRequest:
        return self._read_anew(
            actions.change(request=serializer.instance, **serializer.validated_data)
        )

    @extend_schema(
        request=serializers.MoveSerializer, responses=serializers.ServiceRequestSerializer
    )
    @action(detail=True, methods=["post"], url_path="transitions")
    def move(self, request: Request, pk: int) -> Response:
        """Move it to one of its `next_statuses`."""

        def work() -> Any:
            asked = _read(serializers.MoveSerializer, request)
            moved = actions.move(
                request=self.get_object_for_update(),
                to=asked["status"],
                by=self.user,
                desk=self._at_desk,
                note=asked["note"],
            )
            return self._shown(moved)

        return self.idempotent(work)

    @extend_schema(
        request=serializers.AssignSerializer, responses=serializers.ServiceRequestSerializer
    )
    @action(detail=True, methods=["post"])
    def assign(self, request: Request, pk: int) -> Response:
        """Make somebody responsible, or with null nobody."""

        def work() -> Any:
            asked = _read(serializers.AssignSerializer, request)
            assigned = actions.assign(
                request=self.get_object_for_update(),
                to=asked["assigned_to"],
                by=self.user,
                note=asked["note"],
            )
            return self._shown(assigned)

        answer = self.idempotent(work)
        if isinstance(request.data, dict) and "person" in request.data:
            PERSON.tell(answer)
        return answer

    @extend_schema(responses=serializers.StepSerializer(many=True), filters=False)
    @action(detail=True, filterset_class=None, ordering="id", ordering_fields=("id",))
    def history(self, request: Request, pk: int) -> Response:
        """What was decided, when and by whom, oldest first."""
        steps = self.get_object().steps.select_related("by", "assigned_to")
        return self._page(steps, serializers.StepSerializer)

    @extend_schema(responses=serializers.CommentSerializer(many=True), filters=False)
    @action(detail=True, filterset_class=None, ordering="id", ordering_fields=("id",))
    def comments(self, request: Request, pk: int) -> Response:
        """What was said, oldest first."""
        said = queries.comments_on(self.get_object(), desk=self._at_desk)
        return self._page(said, serializers.CommentSerializer)

    @extend_schema(
        request=serializers.CommentSerializer, responses={201: serializers.CommentSerializer}
    )
    @comments.mapping.post
    def comment(self, request: Request, pk: int) -> Response:
        """Say something; `internal` is for those who look after the building."""

        def work() -> Any:
            asked = _read(serializers.CommentSerializer, request)
            said = actions.comment(
                request=self.get_object_for_update(), by=self.user, body=asked["body"],
                internal=self._at_desk and asked.get("internal", False),
            )  # fmt: skip
            return serializers.CommentSerializer(said).data

        return self.idempotent(work, status=HTTPStatus.CREATED)

    @extend_schema(
        request=serializers.AttachSerializer,
        responses={201: serializers.AttachmentSerializer(many=True)},
    )
    @action(detail=True, methods=["post"], url_path="attachments", pagination_class=None)
    def attach(self, request: Request, pk: int) -> Response:
        """Attach uploads; the answer is all that is attached."""

        def work() -> Any:
            asked = _read(serializers.AttachSerializer, request)
            row = self.get_object_for_update()
            actions.attach(request=row, files=asked["files"], by=self.user)
            files = row.attachments.select_related("file")
            return Content(
                serializers.AttachmentSerializer(files, many=True).data,
                {"Location": reverse("requests-detail", args=[row.pk])},
            )

        return self.idempotent(work, status=HTTPStatus.CREATED)

    @extend_schema(responses={(200, "*/*"): OpenApiResponse(OpenApiTypes.BINARY)})
    @action(
        detail=True,
        url_path="attachments/<uuid:file>",
        renderer_classes=serving.RENDERERS,
    )
    def attachment(self, request: Request, pk: int, file: UUID) -> HttpResponse:
        """The file itself."""
        found = get_object_or_404(
            Attachment.objects.select_related("file"), request=self.get_object(), file=file
        )
        return serving.response(found.file)

    @property
    def _at_desk(self) -> bool:
        return self.scope is Scope.ALL

    def _page(self, rows: QuerySet[Any], serializer: Any) -> Response:
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(serializer(page, many=True).data)

    def _read_anew(self, request: ServiceRequest) -> ServiceRequest:
        return self.get_queryset().get(pk=request.pk)

    def _shown(self, request: ServiceRequest) -> Any:
        return self.get_serializer(self._read_anew(request)).data


def _read(serializer: Any, request: Request) -> dict[str, Any]:
    asked = serializer(data=request.data)
    asked.is_valid(raise_exception=True)
    return dict(asked.validated_data)
