"""Lists by cursor: no page is skipped or repeated while rows come and go, and none costs more."""

from __future__ import annotations

from functools import reduce
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.exceptions import ErrorDetail
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView

from public_apps.core.errors import Invalid
from public_apps.core.rest.request_host import absolute

NEXT = {
    "type": ["string", "null"],
    "format": "uri",
    "description": "null: there are no more",
    "examples": ["https://acme.example.com/api/members/?cursor=cD00ODY%3D"],
}
PREVIOUS = {**NEXT, "description": "null: this is the first page"}


class Cursor(CursorPagination):
    """50 rows a page, up to 200 by `page_size`; newest first unless the view or `ordering` says else."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    page_size_query_description: Any = gettext_lazy("how many rows; more than 200 count as 200")
    cursor_query_description: Any = gettext_lazy("where the page begins, from `next` or `previous`")
    ordering: Any = "-pk"

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> tuple[str, ...]:
        """End every ordering with the key: rows that tie would otherwise be torn apart."""
        ordering = tuple(super().get_ordering(request, queryset, view))
        return ordering if ordering[-1].lstrip("-") in {"pk", "id"} else (*ordering, "pk")

    def get_page_size(self, request: Request) -> int | None:
        """Return how long a page is; `errors.Invalid` for what is no number of rows."""
        said = request.query_params.get(self.page_size_query_param or "")
        if said is not None and not (said.isascii() and said.isdecimal() and said.strip("0")):
            message = _("This is no number of rows: use 1 to %(most)d.")
            told = ErrorDetail(message % {"most": self.max_page_size}, "invalid")
            raise Invalid(told, errors={"page_size": [told]})
        return super().get_page_size(request)

    def _get_position_from_instance(self, instance: Any, ordering: Any) -> str:
        """Return where a row stands in the order, also by a column of a row that it belongs to."""
        return str(reduce(getattr, ordering[0].lstrip("-").split("__"), instance))

    def decode_cursor(self, request: Request) -> Any:
        """Return what the cursor says; PostgreSQL can't even be asked about text with a NUL."""
        cursor = super().decode_cursor(request)
        if cursor is not None and "\0" in str(cursor.position):
            raise _unknown()
        return cursor

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Return one page; a cursor that we did not make is refused, whatever it holds."""
        try:
            page: list[Any] | None = super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, TypeError, exceptions.NotFound) as error:
            raise _unknown() from error
        self.base_url = absolute(request, request.get_full_path())
        return page

    def get_paginated_response_schema(self, schema: Any) -> dict[str, Any]:
        """Describe a page: all of its three fields are always there."""
        return {
            "type": "object",
            "required": ["next", "previous", "results"],
            "properties": {"next": dict(NEXT), "previous": dict(PREVIOUS), "results": schema},
        }

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        """Describe the parameters of a page, with their bounds."""
        parameters: list[dict[str, Any]] = super().get_schema_operation_parameters(view)
        for each in parameters:
            if each["name"] == self.page_size_query_param:
                each["schema"] |= {"minimum": 1, "default": self.page_size}
        return parameters


def _unknown() -> Invalid:
    told = ErrorDetail(_("This cursor is not one of ours: begin again without it."), "invalid")
    return Invalid(told, errors={"cursor": [told]})
