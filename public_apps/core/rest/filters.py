"""What a list's query may say: its filters, its orderings, and nothing that it doesn't know."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django_filters import IsoDateTimeFilter
from django_filters.fields import IsoDateTimeField
from django_filters.rest_framework import DjangoFilterBackend
from rest_framework.exceptions import ErrorDetail
from rest_framework.filters import OrderingFilter
from rest_framework.request import Request
from rest_framework.settings import api_settings
from rest_framework.views import APIView

from public_apps.core.errors import Invalid


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


class Ordering(OrderingFilter):
    """Orders by what the view names in `ordering_fields`: names, or names with the column of each."""

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: Any
    ) -> tuple[str, ...] | None:
        """Return the columns to order by; `errors.Invalid` for what can't be ordered by."""
        columns = columns_of(view)
        said = request.query_params.get(self.ordering_param)
        if not said:
            default = getattr(view, "ordering", None)
            return (default,) if isinstance(default, str) else default
        terms = [term.strip() for term in said.split(",")]
        if any(term.removeprefix("-") not in columns for term in terms):
            message = _("Order by %(names)s, each with “-” before it for the other way round.")
            told = ErrorDetail(message % {"names": ", ".join(columns)}, "invalid_choice")
            raise Invalid(told, errors={self.ordering_param: [told]})
        return tuple(
            f"{'-' if term.startswith('-') else ''}{columns[term.removeprefix('-')]}"
            for term in terms
        )

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe which orders there are."""
        names = "|".join(f"-?{name}" for name in columns_of(view))
        described = {
            "name": self.ordering_param,
            "required": False,
            "in": "query",
            "description": "by one field or several, with commas; `-` before it: the other way round",
            "schema": {"type": "string", "pattern": f"^({names})(,({names}))*$"},
        }
        return [described]


def columns_of(view: Any) -> dict[str, str]:
    """Return the names that a list can be ordered by, each with its column."""
    fields = getattr(view, "ordering_fields", ())
    return dict(fields) if isinstance(fields, Mapping) else {name: name for name in fields}


class KnownQuery:
    """A view whose lists refuse what their query says beyond their filters, orders and pages."""

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse by name what this list doesn't know; a filter that is misspelt must not be lost."""
        super().initial(request, *args, **kwargs)  # type: ignore[misc]  # APIView's, beside it
        if request.method not in {"GET", "HEAD"} or not self._is_list():
            return
        known = self._known(request)
        unknown = sorted(set(request.query_params) - known)
        if unknown:
            message = _("There is no such parameter here. There are: %(names)s.")
            told = ErrorDetail(message % {"names": ", ".join(sorted(known))}, "unknown")
            raise Invalid(told, errors={name: [told] for name in unknown})

    def _is_list(self) -> bool:
        """Whether this request reads a list."""
        return getattr(self, "action", "list") in getattr(self, "list_actions", ("list",))

    def _known(self, request: Request) -> set[str]:
        view: Any = self
        known = {str(api_settings.URL_FORMAT_OVERRIDE), *getattr(self, "query_names", ())}
        pages = getattr(view, "pagination_class", None)
        if pages is not None:
            known |= {pages.cursor_query_param, pages.page_size_query_param} - {None}
        for backend in getattr(view, "filter_backends", ()):
            known |= _names_of(backend, request, view)
        return known


def _names_of(backend: Any, request: Request, view: APIView) -> set[str]:
    if issubclass(backend, OrderingFilter):
        return {backend.ordering_param}
    if issubclass(backend, DjangoFilterBackend):
        filters = backend().get_filterset_class(view, view.get_queryset())  # type: ignore[attr-defined]
        return set(filters.base_filters) if filters else set()
    return set()
