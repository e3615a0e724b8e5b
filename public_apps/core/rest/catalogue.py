"""/api/problems/: every kind of refusal, for programs that want to know them beforehand."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from public_apps.core.problems import CATALOGUE
from public_apps.core.rest.openapi import ADDRESSES, PROBLEM_CODES


class KindSerializer(serializers.Serializer[Any]):
    """A kind of problem, in the reader's language."""

    type = serializers.RegexField(ADDRESSES, source="url", help_text="a page that explains it")
    code = serializers.ChoiceField(choices=PROBLEM_CODES, source="slug")
    status = serializers.IntegerField()
    title = serializers.CharField()
    meaning = serializers.CharField(help_text="what has happened")
    remedy = serializers.CharField(help_text="what to do about it")


class CatalogueView(APIView):
    authentication_classes = ()
    permission_classes = (AllowAny,)

    @extend_schema(responses=KindSerializer(many=True), operation_id="problems", tags=["problems"])
    def get(self, request: Request) -> Response:
        """Every kind of problem that the API answers with."""
        return Response(KindSerializer(CATALOGUE.values(), many=True).data)
