"""Which schema the connection works in: always set for a block, always put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection
from django_tenants.utils import get_public_schema_name


@contextmanager
def inside(schema_name: str) -> Iterator[None]:
    """Work in one tenant's schema *alone*: a table that is missing there is an error.

    With public behind it on the search path, a query on a missing schema would silently read and
    write the staff's own tables.
    """
    with _switched(schema_name, include_public=False):
        yield


@contextmanager
def in_public() -> Iterator[None]:
    """Work in the shared schema, wherever the caller was."""
    with _switched(get_public_schema_name(), include_public=True):
        yield


@contextmanager
def _switched(schema_name: str, *, include_public: bool) -> Iterator[None]:
    before = connection.tenant
    before_public = connection.include_public_schema
    connection.set_schema(schema_name, include_public=include_public)
    try:
        yield
    finally:
        connection.set_tenant(before, include_public=before_public)
