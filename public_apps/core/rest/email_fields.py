"""E-mail addresses in requests."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from rest_framework import serializers

from public_apps.core import email_addresses


class AddressField(serializers.EmailField):
    """An address that can be mailed, in the one form that we keep."""

    def to_internal_value(self, data: Any) -> str:
        try:
            return email_addresses.read(super().to_internal_value(data))
        except ValidationError as refusal:
            raise serializers.ValidationError(refusal.messages) from refusal


# For a `ModelSerializer`: which field stands for which column.
COLUMNS = {
    **serializers.ModelSerializer.serializer_field_mapping,
    email_addresses.AddressField: AddressField,
}
