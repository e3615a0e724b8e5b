"""Tenants can move to Citus: their migrations keep its rules, and whoever breaks one is told."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core.management import call_command
from django.db import connection, models, transaction
from django.db.migrations import AlterField, CreateModel, Migration, RunSQL
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.test.utils import CaptureQueriesContext

from public_apps.core.schema_context import inside, to_public
from public_apps.tenants.models import Tenant
from tests.core.web_stack import WebStack
from tests.scale_out import rules

# What a made-up migration does wrong, and which rule must say so.
WRONG: dict[str, tuple[list[Operation], str]] = {
    "a foreign key to public": (
        [
            RunSQL(
                "CREATE TABLE odd (id bigint PRIMARY KEY,"
                " tenant_id bigint REFERENCES public.tenants_tenant (id))"
            )
        ],
        "a foreign key leads out of the schema",
    ),
    "an AutoField": (
        [CreateModel("Odd", [("id", models.AutoField(primary_key=True))])],
        "a key that counts is not big",
    ),
    "a serial": (
        [RunSQL("CREATE TABLE odd (id bigserial PRIMARY KEY)")],
        "a number comes from a sequence",
    ),
    "an identity added later": (
        [
            CreateModel("Odd", [("id", models.BigIntegerField(primary_key=True))]),
            AlterField("Odd", "id", models.BigAutoField(primary_key=True)),
        ],
        "an identity that comes later",
    ),
    "a trigger": (
        [
            RunSQL("CREATE TABLE odd (id bigint PRIMARY KEY)"),
            RunSQL(
                "CREATE TRIGGER odd BEFORE UPDATE ON odd FOR EACH ROW"
                " EXECUTE FUNCTION suppress_redundant_updates_trigger()"
            ),
        ],
        "a trigger",
    ),
    "a function": (
        [RunSQL("CREATE FUNCTION odd() RETURNS int LANGUAGE sql AS 'SELECT 1'")],
        "a function",
    ),
    "a table made by plpgsql": (
        [RunSQL("DO $$ BEGIN CREATE TABLE odd (id bigint PRIMARY KEY); END $$")],
        "tables made where Citus can't see it",
    ),
    "two statements in one RunSQL": (
        [
            RunSQL(
                "CREATE TABLE odd (id bigint PRIMARY KEY);"
                " CREATE TABLE even (id bigint PRIMARY KEY)"
            )
        ],
        "several statements at once",
    ),
    "a table without a key": (
        [RunSQL("CREATE TABLE odd (id bigint)")],
        "a table without a primary key",
    ),
}


@contextmanager
def passing_schema() -> Iterator[str]:
    """Have an empty tenant's schema that is gone after the block."""
    with transaction.atomic():
        tenant: Tenant = Tenant.objects.create()
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {connection.ops.quote_name(tenant.schema_name)}")
        yield str(tenant.schema_name)
        transaction.set_rollback(True)
    to_public()


def applied(operations: list[Operation], schema: str) -> list[str]:
    """Apply a made-up migration in a schema, as Django does; return the statements."""
    migration = type("MadeUp", (Migration,), {"operations": operations})("made_up", "home")
    with (
        inside(schema),
        CaptureQueriesContext(connection) as executed,
        connection.schema_editor(atomic=False) as editor,
    ):
        migration.apply(ProjectState(), editor)
    return [query["sql"] for query in executed]


def test_every_tenant_migration_of_ours_keeps_the_rules(web_stack: WebStack) -> None:
    """Executed by Django itself, one operation after the other, and not by the engine's replay."""
    with passing_schema() as schema:
        with CaptureQueriesContext(connection) as executed:
            call_command(
                "migrate_schemas", tenant=True, schema_name=schema, interactive=False, verbosity=0
            )
        statements = [query["sql"] for query in executed]
        assert sum("CREATE TABLE" in statement for statement in statements) > 30
        assert "\n".join(rules.broken(schema, statements)) == ""


def test_a_schema_that_the_engine_has_built_keeps_them_too(web_stack: WebStack) -> None:
    assert "\n".join(rules.broken(web_stack.acme.tenant.schema_name, [])) == ""


@pytest.mark.parametrize(("operations", "rule"), WRONG.values(), ids=WRONG.keys())
def test_a_migration_that_breaks_a_rule_is_told(
    web_stack: WebStack, operations: list[Operation], rule: str
) -> None:
    with passing_schema() as schema:
        told = rules.broken(schema, applied(operations, schema))
        assert [each for each in told if each.startswith(rule)], told


def test_a_migration_that_does_all_well_is_told_nothing(web_stack: WebStack) -> None:
    operations: list[Operation] = [
        CreateModel("Even", [("id", models.BigAutoField(primary_key=True))]),
        CreateModel("Uneven", [("id", models.UUIDField(primary_key=True))]),
    ]
    with passing_schema() as schema:
        assert rules.broken(schema, applied(operations, schema)) == []
