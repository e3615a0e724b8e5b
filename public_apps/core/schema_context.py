"""Which schema the connection works in: always set for a block, always put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db import connection as django_connection
from django_tenants.utils import get_public_schema_name

# django-tenants' connection: the same object, with what its untyped backend adds.
connection: Any = django_connection


@contextmanager
def inside(schema_name: str, *, include_public: bool = False) -> Iterator[None]:
    """Work in one tenant's schema *alone*: a table that is missing there is an error.

    With public behind it on the search path, a query on a missing schema would silently read and
    write the staff's own tables: that is for migrations of projects which want it so.
    """
    with _switched(schema_name, include_public=include_public):
        yield


@contextmanager
def in_public() -> Iterator[None]:
    """Work in the shared schema, then go on where the caller was: in a tenant's, if in one."""
    with _switched(get_public_schema_name(), include_public=False):
        yield


def to_public() -> None:
    """Work in the shared schema from here on; for the outermost places only."""
    # Where the path is known to lead there already (no error, no rollback since), nothing is sent.
    if not (is_public() and connection.search_path_set_schemas == [current()]):
        connection.set_schema_to_public()


def current() -> str:
    """Return the name of the schema that the connection works in."""
    return str(connection.schema_name)


def is_public() -> bool:
    """Whether the connection works in the shared schema."""
    return bool(current() == get_public_schema_name())


@contextmanager
def _switched(schema_name: str, *, include_public: bool) -> Iterator[None]:
    before = connection.tenant
    before_public = connection.include_public_schema
    connection.set_schema(schema_name, include_public=include_public)
    try:
        yield
    finally:
        connection.set_tenant(before, include_public=before_public)
