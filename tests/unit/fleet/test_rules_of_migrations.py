"""What migrations and models of tenants must keep, so that a fleet can be migrated, and moved."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import sqlparse
from django.apps import apps
from django.conf import settings
from django.contrib.postgres.operations import AddIndexConcurrently, RemoveIndexConcurrently
from django.db import models
from django.db.migrations import Migration, RunSQL
from django.db.migrations.loader import MigrationLoader

IN_TENANTS = {
    config.label for config in apps.get_app_configs() if config.name in settings.TENANT_APPS
}
OURS = {
    config.label
    for config in apps.get_app_configs()
    if config.label in IN_TENANTS and config.name.startswith(("public_apps.", "tenant_apps."))
}
FORBIDDEN = ("trigger", "plpgsql", "do $$", "create function", "search_path")


def migrations() -> Iterator[Migration]:
    """Return our own migrations of apps that live in tenants."""
    for (label, _name), migration in sorted(MigrationLoader(None).disk_migrations.items()):
        if label in OURS:
            yield migration


def raw_statements(migration: Migration) -> Iterator[str]:
    """Return each text that a migration executes as it is."""
    for operation in migration.operations:
        if isinstance(operation, RunSQL):
            texts: list[Any] = operation.sql if isinstance(operation.sql, list) else [operation.sql]
            yield from (str(text if isinstance(text, str) else text[0]) for text in texts)


@pytest.mark.parametrize("migration", list(migrations()), ids=str)
def test_raw_sql_is_one_statement_without_triggers_or_procedures(migration: Migration) -> None:
    for text in raw_statements(migration):
        assert len([each for each in sqlparse.split(text) if each.strip()]) == 1, text
        assert not any(word in text.lower() for word in FORBIDDEN), text


@pytest.mark.parametrize("migration", list(migrations()), ids=str)
def test_only_indexes_beside_traffic_are_built_without_a_transaction(migration: Migration) -> None:
    if not migration.atomic:
        beside = AddIndexConcurrently | RemoveIndexConcurrently
        assert all(isinstance(operation, beside) for operation in migration.operations)


def tenant_models() -> list[type[models.Model]]:
    """Return the models of our apps that live in tenants."""
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


@pytest.mark.parametrize("model", tenant_models(), ids=lambda model: model._meta.label)
def test_keys_are_big_or_uuids_and_lead_nowhere_outside(model: type[models.Model]) -> None:
    key = model._meta.pk
    while isinstance(key, models.ForeignKey):
        key = key.target_field
    assert isinstance(key, models.BigAutoField | models.UUIDField | models.CharField)
    for field in model._meta.local_fields:
        if isinstance(field, models.ForeignKey) and getattr(field, "db_constraint", True):
            assert field.related_model._meta.app_label in IN_TENANTS
