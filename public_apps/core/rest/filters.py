"""Filters of lists that take whatever a query may say."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django_filters import IsoDateTimeFilter
from django_filters.fields import IsoDateTimeField


class MomentField(IsoDateTimeField):
    """A moment in UTC: PostgreSQL takes fewer offsets than ISO 8601 knows."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the moment; one that UTC has no year for is refused."""
        moment: datetime | None = super().to_python(value)
        try:
            return moment and moment.astimezone(UTC)
        except OverflowError as error:
            raise ValidationError(self.error_messages["invalid"], code="invalid") from error


class MomentFilter(IsoDateTimeFilter):
    """Narrows a list down by a moment."""

    field_class = MomentField
