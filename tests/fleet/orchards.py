"""A fleet of small tenants at the release before, of which each test gets a copy to break."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest
from psycopg import sql

from devstack.stack import Stack
from tests import templates
from tests.core.web_stack import plain_environ

BEFORE = {"DJANGO_SETTINGS_MODULE": "tests.fleet.orchard.settings_before"}
AFTER = {"DJANGO_SETTINGS_MODULE": "tests.fleet.orchard.settings"}
TENANTS = int(os.environ.get("FLEET_TENANTS", "60"))  # the acceptance run takes 300
BUILD = """
from public_apps.tenants import schema_creation
from public_apps.tenants.models import Tenant
from django.utils import timezone
for number in range({count}):
    tenant = schema_creation.build_tenant()
    Tenant.objects.filter(pk=tenant.pk, pk__gt={spares}).update(claimed_at=timezone.now())
"""
Database = psycopg.Connection[tuple[Any, ...]]


@dataclass(frozen=True)
class Fleet:
    """A database with tenants at the release before: two spares, the others somebody's."""

    stack: Stack
    url: str

    def manage(self, *arguments: str, release: dict[str, str]) -> tuple[int, str, str]:
        """Run a command of a release; return its exit code and what it wrote."""
        done = self.stack.manage(*arguments, environ={**release, "DATABASE_URL": self.url})
        return done.returncode, done.stdout, done.stderr


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet of which each test gets a copy, on a PostgreSQL of its own."""
    folder = tmp_path_factory.mktemp("release")
    stack = Stack(folder, environ=plain_environ(), template=templates.at_head())
    try:
        stack.start_part("postgres")
        fleet = Fleet(stack, stack.database_url)
        code, _out, errors = fleet.manage("migrate_fleet", release=BEFORE)
        assert code == 0, errors
        script = BUILD.format(count=TENANTS, spares=2)
        code, _out, errors = fleet.manage("shell", "-v0", "-c", script, release=BEFORE)
        assert code == 0, errors
        yield fleet
    finally:
        stack.discard()


@pytest.fixture
def fleet(original: Fleet) -> Iterator[Fleet]:
    """A fleet to break."""
    assert original.stack.postgres
    with psycopg.connect(original.stack.postgres.superuser_url, autocommit=True) as server:
        server.execute("CREATE DATABASE copy TEMPLATE concierge OWNER concierge")
        yield Fleet(original.stack, original.url.rpartition("/")[0] + "/copy")
        server.execute("DROP DATABASE copy WITH (FORCE)")


@pytest.fixture
def database(fleet: Fleet) -> Iterator[Database]:
    """A look into the fleet's database."""
    with psycopg.connect(fleet.url, autocommit=True) as database:
        yield database


def schemas(database: Database) -> list[str]:
    """Return the fleet's schemas, spares first."""
    query = "SELECT schema_name FROM public.tenants_tenant ORDER BY id"
    return [name for (name,) in database.execute(query)]


def do(database: Database, statement: str, schema: str) -> psycopg.Cursor[tuple[Any, ...]]:
    """Execute a statement about one schema."""
    return database.execute(sql.SQL(statement).format(sql.Identifier(schema)))


def count(database: Database, schema: str, what: str) -> int:
    """Count rows in a tenant."""
    row = do(database, f"SELECT count(*) FROM {{}}.{what}", schema).fetchone()  # noqa: S608 - a test's own words
    assert row is not None
    return int(row[0])


def is_whole(database: Database, schema: str) -> bool:
    """Whether each migration has had its effect once: RunPython planted, and counted what it had."""
    harvest = do(database, "SELECT plants FROM {}.orchard_harvest", schema).fetchall()
    plants = count(database, schema, "orchard_plant")
    once = "django_migrations WHERE app = 'orchard'"
    return (harvest, plants, count(database, schema, once)) == ([(5,)], 5, 9)


def release(fleet: Fleet, *arguments: str) -> tuple[int, dict[str, Any]]:
    """Run the release step; return its exit code and what it says in the end."""
    code, out, _errors = fleet.manage("migrate_fleet", "--json", *arguments, release=AFTER)
    return code, json.loads(out)
