"""The shared schema's own migrations: done in Django's way, and giving way as the fleet's do."""

from __future__ import annotations

import time
from contextlib import nullcontext

from django.core.management import call_command
from django.core.management.sql import emit_post_migrate_signal
from django.db import DatabaseError, connection, router
from django.db.migrations.executor import MigrationExecutor

from public_apps.core.schema_context import in_public, to_public
from public_apps.tenants.rollout import workers
from public_apps.tenants.schema_migrations import applied as probe
from public_apps.tenants.schema_migrations import head
from public_apps.tenants.schema_migrations.introspection import by_namespace

MOST_NAMED = 10


def migrate() -> str:
    """Bring the shared schema to head, trying again while somebody holds what it needs.

    Returns what to tell. One that is ahead keeps its shape: the code of before lives with it.
    """
    applied = probe.applied("public") if probe.look(["public"]).groups else frozenset()
    if head.required() <= applied:
        # What hangs on the signal may have changed without a migration, as staff's groups do.
        emit_post_migrate_signal(verbosity=0, interactive=False, db=connection.alias)
    else:
        _bring_to_head()
    to_public()
    if not head.is_ahead(applied):
        return "migrated public"
    left = ", ".join(sorted(head.beyond(applied))[:MOST_NAMED])
    return f"public is ahead of this release, by {left}"


def _bring_to_head() -> None:
    for attempt in range(1, workers.ATTEMPTS + 1):
        try:
            with (
                in_public(),
                by_namespace(),
                nullcontext() if _builds_beside_traffic() else workers.impatient(),
            ):
                call_command("migrate_schemas", shared=True, interactive=False, verbosity=0)
        except DatabaseError as problem:
            if attempt == workers.ATTEMPTS or not workers.gave_way(problem):
                raise
        else:
            break
        time.sleep(workers.PAUSE_SECONDS * attempt)


def _builds_beside_traffic() -> bool:
    """Whether an index will be built that holds up nobody, and would be left behind invalid."""
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return any(
        not migration.atomic and router.allow_migrate(connection.alias, migration.app_label)
        for migration, _backwards in plan
    )
