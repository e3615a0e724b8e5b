"""How the API describes itself: every operation names the refusals that it may answer with."""

from __future__ import annotations

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.permissions import IsAuthenticated

from public_apps.core.errors import PROBLEM_JSON
from public_apps.core.idempotency import PARAMETER as IDEMPOTENCY_KEY

IF_MATCH = OpenApiParameter("If-Match", OpenApiTypes.STR, OpenApiParameter.HEADER)
Bodies = dict[str, dict[str, Any]]


class ProblemSerializer(serializers.Serializer[Any]):
    """RFC 9457."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    errors = serializers.DictField(  # type: ignore[assignment]  # a field of that name
        child=serializers.ListField(child=serializers.CharField()), required=False
    )


class Schema(AutoSchema):
    """drf-spectacular's description, with our problems, and the headers of the tenant's resources."""

    def get_override_parameters(self) -> list[Any]:
        """Add the headers that every write of a resource takes."""
        if not self._is_resource():
            return []
        if self.method == "POST":
            return [IDEMPOTENCY_KEY, *([IF_MATCH] if self._takes_version() else [])]
        return [IF_MATCH] if self._takes_version() else []

    def _get_response_bodies(self, direction: Any = "response") -> Bodies:
        bodies: Bodies = super()._get_response_bodies(direction)
        if direction == "response" and self._takes_a_person():
            for status in self._refusals():
                bodies.setdefault(str(status.value), self._problem())
        for status_code, body in bodies.items():
            if status_code >= "4" and "application/json" in body.get("content", {}):
                body["content"][PROBLEM_JSON] = body["content"].pop("application/json")
        return bodies

    def _problem(self) -> dict[str, Any]:
        described: dict[str, Any] = self._get_response_for_code(  # type: ignore[no-untyped-call]
            ProblemSerializer, "default", media_types=[PROBLEM_JSON]
        )
        return described

    def _refusals(self) -> Iterator[HTTPStatus]:
        yield from (
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.PAYMENT_REQUIRED,
            HTTPStatus.FORBIDDEN,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.TOO_MANY_REQUESTS,
        )
        if self.method != "GET":
            yield HTTPStatus.CONFLICT
            yield HTTPStatus.UNSUPPORTED_MEDIA_TYPE
            if self._takes_version():
                yield HTTPStatus.PRECONDITION_FAILED
        if self.method == "POST":
            yield HTTPStatus.UNPROCESSABLE_ENTITY

    def _is_resource(self) -> bool:
        return hasattr(self.view, "resource")

    def _takes_a_person(self) -> bool:
        return IsAuthenticated in self.view.permission_classes

    def _takes_version(self) -> bool:
        """Whether `If-Match` means something: rows with a version, and an action that looks at it."""
        view: Any = self.view
        if self.method == "GET" or "{" not in self.path or not view.takes_version:
            return False
        return hasattr(view.get_queryset().model, "etag")
