"""/api/sample/: the sample building."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from django.shortcuts import get_object_or_404
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.viewsets import WorkspaceViewSet
from public_apps.core.idempotency import Content
from tenant_apps.buildings.serializers import WorkSerializer
from tenant_apps.home import sample
from tenant_apps.home.models import Sample


class SampleSerializer(serializers.ModelSerializer[Sample]):
    name = serializers.CharField(source="building.name", read_only=True)

    class Meta:
        model = Sample
        fields = ("building", "name", "made_at")
        read_only_fields = fields


class SampleBuildingView(WorkspaceViewSet):
    """At most one, made by the worker, removed at once."""

    resource = "sample"
    is_served_by_name = False
    permissions = """
              owner    manager  staff    resident
    retrieve  all      all      all      -
    create    all      -        -        -
    destroy   all      -        -        -
    """
    serializer_class = SampleSerializer
    queryset = Sample.objects.none()

    def get_queryset(self) -> Any:
        return Sample.objects.select_related("building")

    def retrieve(self, request: Request) -> Response:
        """Which building is the sample; 404 when there is none."""
        return self.response_for(get_object_or_404(self.filter_queryset(self.get_queryset())))

    @extend_schema(request=None, responses={HTTPStatus.ACCEPTED: WorkSerializer})
    def create(self, request: Request) -> Response:
        """Have it made; watch the work that this answers with."""

        def start() -> Content:
            work = sample.start(by=self.user)
            place = reverse("work-detail", args=[work.pk])
            return Content(WorkSerializer(work).data, {"Location": place})

        return self.idempotent(start, status=HTTPStatus.ACCEPTED)

    def destroy(self, request: Request) -> Response:
        """Remove it with all that belongs to it."""
        with self.held():
            sample.clear(by=self.user)
        return Response(status=HTTPStatus.NO_CONTENT)
