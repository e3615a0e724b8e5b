"""Lists by cursor: no page is skipped or repeated while rows come and go, and none costs more."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from rest_framework.exceptions import NotFound
from rest_framework.pagination import CursorPagination
from rest_framework.request import Request
from rest_framework.views import APIView


class Cursor(CursorPagination):
    """50 rows a page, up to 200 by `page_size`; newest first unless the view or `ordering` says else."""

    page_size = 50
    max_page_size = 200
    page_size_query_param = "page_size"
    ordering = "-pk"

    def get_ordering(
        self, request: Request, queryset: QuerySet[Any], view: APIView
    ) -> tuple[str, ...]:
        """End every ordering with the key: rows that tie would otherwise be torn apart."""
        ordering = tuple(super().get_ordering(request, queryset, view))
        return ordering if ordering[-1].lstrip("-") in {"pk", "id"} else (*ordering, "pk")

    def decode_cursor(self, request: Request) -> Any:
        """Return what the cursor says; PostgreSQL can't even be asked about text with a NUL."""
        cursor = super().decode_cursor(request)
        if cursor is not None and "\0" in str(cursor.position):
            raise NotFound(str(self.invalid_cursor_message))
        return cursor

    def paginate_queryset(
        self, queryset: Any, request: Request, view: APIView | None = None
    ) -> list[Any] | None:
        """Return one page; a cursor that we did not make is 404, whatever it holds."""
        try:
            return super().paginate_queryset(queryset, request, view)
        except (ValidationError, ValueError, TypeError) as error:
            raise NotFound(str(self.invalid_cursor_message)) from error
