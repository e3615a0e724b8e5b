"""The tenant API of buildings, apartments, residencies, and work in progress."""

from __future__ import annotations

from datetime import date
from http import HTTPStatus
from typing import Any

from django.db.models import QuerySet
from django.db.models.functions import Coalesce
from django.urls import reverse
from drf_spectacular.utils import extend_schema
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from public_apps.accounts.viewsets import ListModelMixin, ModelViewSet, RetrieveModelMixin
from public_apps.core.idempotency import Content
from tenant_apps.buildings import actions, apartment_import, queries
from tenant_apps.buildings.filters import (
    ApartmentFilter,
    BuildingFilter,
    ResidencyFilter,
    WorkFilter,
)
from tenant_apps.buildings.models import Apartment, Building, Residency, Work
from tenant_apps.buildings.serializers import (
    ApartmentChangeSerializer,
    ApartmentSerializer,
    BuildingSerializer,
    ImportSerializer,
    ResidencyChangeSerializer,
    ResidencySerializer,
    WorkSerializer,
)


def _place_of(work: Work) -> str:
    return reverse("work-detail", args=[work.pk])


class BuildingViewSet(ModelViewSet):
    """Buildings; residents see theirs."""

    resource = "buildings"
    permissions = """
                       owner    manager  staff    resident
    list               all      all      all      own
    retrieve           all      all      all      own
    create             all      all      -        -
    partial_update     all      all      -        -
    destroy            all      all      -        -
    import_apartments  all      all      -        -
    """
    serializer_class = BuildingSerializer
    filterset_class = BuildingFilter
    ordering_fields = ("id", "name", "created_at")
    queryset = Building.objects.none()

    def get_queryset(self) -> QuerySet[Building]:
        return queries.with_sums(Building.objects.all())

    def filter_own(self, rows: QuerySet[Building]) -> QuerySet[Building]:
        return rows.filter(pk__in=queries.buildings_of(self.user))

    def perform_create(self, serializer: Any) -> Building:
        return self.get_queryset().get(pk=actions.add_building(**serializer.validated_data).pk)

    def perform_update(self, serializer: Any) -> Building:
        return actions.change_building(building=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: Building) -> None:
        actions.remove_building(building=instance)

    @extend_schema(request=ImportSerializer, responses={HTTPStatus.ACCEPTED: WorkSerializer})
    @action(detail=True, methods=["post"], url_path="import-apartments", checks_version=False)
    def import_apartments(self, request: Request, pk: int) -> Response:
        """Add a CSV file's apartments, all or none; watch the work that this answers with."""

        def start() -> Any:
            sent = ImportSerializer(data=request.data)
            sent.is_valid(raise_exception=True)
            work = apartment_import.start(
                building=self.get_object(),
                content=sent.validated_data["content"],
                asked_by=self.user,
            )
            return Content(WorkSerializer(work).data, {"Location": _place_of(work)})

        return self.idempotent(start, status=HTTPStatus.ACCEPTED)


class ApartmentViewSet(ModelViewSet):
    """Apartments; residents see theirs."""

    resource = "apartments"
    permissions = """
                    owner    manager  staff    resident
    list            all      all      all      own
    retrieve        all      all      all      own
    create          all      all      -        -
    partial_update  all      all      -        -
    destroy         all      all      -        -
    """
    serializer_class = ApartmentSerializer
    filterset_class = ApartmentFilter
    ordering_fields = ("id", "number", "floor", "mills")
    queryset = Apartment.objects.none()

    def get_queryset(self) -> QuerySet[Apartment]:
        return Apartment.objects.all()

    def filter_own(self, rows: QuerySet[Apartment]) -> QuerySet[Apartment]:
        return rows.filter(pk__in=queries.apartments_of(self.user))

    def get_serializer_class(self) -> type[ApartmentSerializer]:
        changes = self.action == "partial_update"
        return ApartmentChangeSerializer if changes else ApartmentSerializer

    def perform_create(self, serializer: Any) -> Apartment:
        return actions.add_apartment(tenant=self.request.tenant, **serializer.validated_data)  # type: ignore[attr-defined]

    def perform_update(self, serializer: Any) -> Apartment:
        return actions.change_apartment(apartment=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: Apartment) -> None:
        actions.remove_apartment(apartment=instance)


class ResidencyViewSet(ModelViewSet):
    """Who owns or rents what, and when; residents see their own."""

    resource = "residencies"
    permissions = """
                    owner    manager  staff    resident
    list            all      all      all      own
    retrieve        all      all      all      own
    create          all      all      -        -
    partial_update  all      all      -        -
    destroy         all      all      -        -
    """
    serializer_class = ResidencySerializer
    filterset_class = ResidencyFilter
    # An open end is a late one: no page would ever come to rows without a value.
    ordering_fields = {"id": "id", "starts_on": "starts_on", "ends_on": "ends_on_or_never"}
    queryset = Residency.objects.none()

    def get_queryset(self) -> QuerySet[Residency]:
        rows = Residency.objects.select_related("apartment", "user")
        return rows.annotate(ends_on_or_never=Coalesce("ends_on", date.max))

    def filter_own(self, rows: QuerySet[Residency]) -> QuerySet[Residency]:
        return rows.filter(user_id=self.user.pk)

    def get_serializer_class(self) -> type[ResidencySerializer]:
        changes = self.action == "partial_update"
        return ResidencyChangeSerializer if changes else ResidencySerializer

    def perform_create(self, serializer: Any) -> Residency:
        return actions.add_residency(**serializer.validated_data)

    def perform_update(self, serializer: Any) -> Residency:
        return actions.change_residency(residency=serializer.instance, **serializer.validated_data)

    def perform_destroy(self, instance: Residency) -> None:
        actions.remove_residency(residency=instance)


class WorkViewSet(ListModelMixin, RetrieveModelMixin):
    """Imports and issues that the worker does, and how far they are."""

    resource = "work"
    permissions = """
              owner    manager  staff    resident
    list      all      all      -        -
    retrieve  all      all      -        -
    """
    serializer_class = WorkSerializer
    lookup_value_converter = "uuid"
    filterset_class = WorkFilter
    ordering_fields = ("created_at",)
    ordering = "-created_at"
    queryset = Work.objects.none()

    def get_queryset(self) -> QuerySet[Work]:
        return Work.objects.defer("content")
