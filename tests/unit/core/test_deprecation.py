"""What will go away says so in its answers and in the documents."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.urls import path
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from public_apps.core.rest.deprecation import Deprecation, deprecated

OLD = Deprecation(since=date(2026, 12, 1), sunset=date(2027, 6, 1), link="https://example.com/api")


class Houses(APIView):
    authentication_classes = ()
    permission_classes = ()

    @extend_schema(responses={204: None}, operation_id="houses")
    @deprecated(OLD)
    def get(self, request: Request) -> Response:
        """Houses."""
        return Response(status=204)

    @extend_schema(request=None, responses={204: None}, operation_id="build")
    def post(self, request: Request) -> Response:
        """Build one."""
        return Response(status=204)


urlpatterns = [path("api/houses/", Houses.as_view())]


def test_every_answer_says_since_when_and_until_when() -> None:
    answer = Houses.as_view()(APIRequestFactory().get("/api/houses/"))
    assert answer["Deprecation"] == "@1796083200"
    assert answer["Sunset"] == "Tue, 01 Jun 2027 00:00:00 GMT"
    assert answer["Link"] == '<https://example.com/api>; rel="deprecation"'


def test_what_stays_says_nothing() -> None:
    answer = Houses.as_view()(APIRequestFactory().post("/api/houses/"))
    assert {"Deprecation", "Sunset", "Link"} & set(answer.headers) == set()


def test_the_document_says_so_too() -> None:
    generator = SchemaGenerator(urlconf=__name__)  # type: ignore[no-untyped-call]
    found: Any = generator.get_schema(request=None, public=True)  # type: ignore[no-untyped-call]
    methods = found["paths"]["/api/houses/"]
    assert methods["get"]["deprecated"] is True
    assert "deprecated" not in methods["post"]
