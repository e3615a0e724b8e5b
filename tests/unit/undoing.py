"""Taking back what was done for a question's sake, here and at Stripe."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import transaction

from mock_stripe.store import Store
from public_apps.core.schema_context import connection


@contextmanager
def undone() -> Iterator[None]:
    """Take back what is written in the block: a savepoint, which no `durable` transaction minds."""
    before, with_public = connection.tenant, connection.include_public_schema
    held = transaction.savepoint()
    try:
        yield
    finally:
        transaction.savepoint_rollback(held)
        # The path that was set within is taken back as well, and nobody is told.
        connection.set_tenant(before, include_public=with_public)


@contextmanager
def unchanged(store: Store) -> Iterator[None]:
    """Put everything at Stripe back after the block: no rollback reaches there."""
    with store.change() as change:
        before = {place: change.get(*place) for place in store.everything()}
    yield
    with store.change() as change:
        for place in store.everything():
            if place not in before:
                change.remove(*place)
        for place, document in before.items():
            if document is not None and change.get(*place) != document:
                change.put(document)
