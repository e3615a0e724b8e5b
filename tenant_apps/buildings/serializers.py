"""The shapes of buildings, apartments and residencies in the tenant API."""

from __future__ import annotations

from typing import Any

from rest_framework import serializers

from public_apps.accounts.models import User
from public_apps.accounts.permissions import Scope
from public_apps.core.rest import email_fields
from tenant_apps.buildings import apartment_import
from tenant_apps.buildings.models import Apartment, Building, Residency, Work


class BuildingSerializer(serializers.ModelSerializer[Building]):
    apartment_count = serializers.IntegerField(read_only=True)
    mills_sum = serializers.IntegerField(read_only=True)

    class Meta:
        model = Building
        fields = (
            "id", "name", "address", "vat_number", "notes", "apartment_count", "mills_sum",
            "version", "created_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = ("version", "created_at")
        extra_kwargs = {"notes": {"required": False}}

    def to_representation(self, instance: Building) -> dict[str, Any]:
        """Leave the managers' notes out for residents."""
        shown = super().to_representation(instance)
        if self.context.get("scope") is Scope.OWN:
            shown["notes"] = ""
        return shown


class ApartmentSerializer(serializers.ModelSerializer[Apartment]):
    serializer_field_mapping = email_fields.COLUMNS

    class Meta:
        model = Apartment
        fields = (
            "id", "building", "number", "floor", "area", "mills",
            "owner_name", "owner_email", "owner_phone",
            "tenant_name", "tenant_email", "tenant_phone", "version", "created_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = ("version", "created_at")
        validators: list[Any] = []


class ApartmentChangeSerializer(ApartmentSerializer):
    """An apartment stays in its building."""

    class Meta(ApartmentSerializer.Meta):
        read_only_fields = ("building", "version", "created_at")


class ResidencySerializer(serializers.ModelSerializer[Residency]):
    user = serializers.PrimaryKeyRelatedField(queryset=User.objects.all())
    user_name = serializers.CharField(source="user.get_full_name", read_only=True)
    apartment_number = serializers.CharField(source="apartment.number", read_only=True)
    building = serializers.IntegerField(source="apartment.building_id", read_only=True)

    class Meta:
        model = Residency
        fields = (
            "id", "apartment", "apartment_number", "building", "user", "user_name",
            "kind", "starts_on", "ends_on", "version", "created_at",
        )  # fmt: skip
        read_only_fields: tuple[str, ...] = ("version", "created_at")
        validators: list[Any] = []


class ResidencyChangeSerializer(ResidencySerializer):
    """Who and what stays; the days may change."""

    class Meta(ResidencySerializer.Meta):
        read_only_fields = ("apartment", "user", "kind", "version", "created_at")


class ImportSerializer(serializers.Serializer[Any]):
    content = serializers.CharField(
        max_length=apartment_import.MOST_CHARACTERS, trim_whitespace=False, help_text="CSV, UTF-8"
    )


class ReportLineSerializer(serializers.Serializer[Any]):
    line = serializers.IntegerField(allow_null=True)
    field = serializers.CharField(allow_blank=True, default="")
    detail = serializers.CharField()


class WorkSerializer(serializers.ModelSerializer[Work]):
    status = serializers.ChoiceField(
        choices=["waiting", "working", "done", "refused"], read_only=True
    )
    report = ReportLineSerializer(many=True, read_only=True)

    class Meta:
        model = Work
        fields = (
            "id", "kind", "subject_id", "status", "steps", "steps_done", "report",
            "created_at", "started_at", "done_at", "refused_at",
        )  # fmt: skip
        read_only_fields = fields
