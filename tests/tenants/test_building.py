"""Building a schema: whole and verified, or nothing, even when the builder is killed in the middle."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import psycopg
import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from devstack.processes import ROOT
from public_apps.core import schema_context
from public_apps.tenants import schema_creation, schema_names
from public_apps.tenants.models import Tenant, opaque_schema_name
from public_apps.tenants.schema_migrations import head
from tests.core.web_stack import WebStack, create_workspace

BUILD = "from public_apps.tenants import schema_creation; schema_creation.build_tenant()"
MAKING_TABLES = """
    SELECT l.pid FROM pg_locks l JOIN pg_database d ON d.oid = l.database
    WHERE d.datname = current_database() AND l.locktype = 'relation'
      AND l.mode = 'AccessExclusiveLock' GROUP BY l.pid HAVING count(*) > 10
"""


def schemas_there() -> set[str]:
    """Return the tenants' schemas that the database holds."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT nspname FROM pg_namespace WHERE nspname LIKE 't\\_%'")
        return {name for (name,) in cursor.fetchall()}


def rows_there() -> set[str]:
    """Return the schema names of all tenants' rows."""
    return set(Tenant.objects.values_list("schema_name", flat=True))


def test_a_built_tenant_is_at_head_and_unclaimed(web_stack: WebStack) -> None:
    tenant = schema_creation.build_tenant()
    assert tenant.status == "spare"
    assert tenant.migrations_fingerprint == head.fingerprint()
    schema_creation.verify(tenant.schema_name)
    assert schema_context.is_public()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_tables WHERE schemaname = %s", [tenant.schema_name])
        (tables,) = cursor.fetchone() or (0,)
    assert tables > 5


def test_no_foreign_key_leads_from_a_tenants_table_to_public(web_stack: WebStack) -> None:
    """It would lock the public table at each build, and keep tenants from moving to other machines."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint c JOIN pg_class r ON r.oid = c.confrelid"
            " WHERE c.connamespace = %s::regnamespace AND r.relnamespace <> c.connamespace",
            [web_stack.acme.tenant.schema_name],
        )
        assert cursor.fetchall() == []


def test_a_builder_killed_in_the_middle_leaves_no_row_and_no_schema(web_stack: WebStack) -> None:
    before = (rows_there(), schemas_there())
    builder = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "-v0", "-c", BUILD],
        cwd=ROOT,
        env=web_stack.stack.env,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        backend = _backend_in_the_middle(web_stack)
        builder.send_signal(signal.SIGKILL)
    finally:
        builder.kill()
        builder.wait()
    _wait_gone(web_stack, backend)
    assert builder.returncode == -signal.SIGKILL, "it was still building"
    assert (rows_there(), schemas_there()) == before


def _backend_in_the_middle(web_stack: WebStack) -> int:
    deadline = time.monotonic() + 120
    with psycopg.connect(web_stack.stack.database_url, autocommit=True) as watcher:
        while time.monotonic() < deadline:
            if found := watcher.execute(MAKING_TABLES).fetchone():
                return int(found[0])
            time.sleep(0.005)
    raise AssertionError("nobody built tables")


def _wait_gone(web_stack: WebStack, backend: int) -> None:
    deadline = time.monotonic() + 120
    with psycopg.connect(web_stack.stack.database_url, autocommit=True) as watcher:
        query = "SELECT 1 FROM pg_stat_activity WHERE pid = %s"
        while watcher.execute(query, [backend]).fetchone():
            assert time.monotonic() < deadline, "the server has not noticed"
            time.sleep(0.02)


@pytest.mark.parametrize(
    ("release", "reason"), [("broken", "division by zero"), ("forgetful", "differs from this code")]
)
def test_a_build_that_does_not_come_out_whole_leaves_no_row_and_no_schema(
    web_stack: WebStack, release: str, reason: str
) -> None:
    before = (rows_there(), schemas_there())
    settings = {"DJANGO_SETTINGS_MODULE": f"tests.tenants.{release}_release.settings"}
    built = web_stack.stack.manage("shell", "-v0", "-c", BUILD, environ=settings)
    assert built.returncode != 0
    assert reason in built.stderr
    assert (rows_there(), schemas_there()) == before


@pytest.mark.parametrize(
    ("done", "told"),
    [
        ("DELETE FROM django_migrations WHERE app = 'account' AND name LIKE '0003%'", "account"),
        (
            "INSERT INTO django_migrations (app, name, applied) VALUES ('x', 'y', now())",
            r"\('x', 'y'\)",
        ),
    ],
    ids=["one that is lacking", "a foreign one"],
)
def test_a_schema_with_other_migrations_is_refused(
    web_stack: WebStack, done: str, told: str
) -> None:
    name = create_workspace().tenant.schema_name
    with transaction.atomic():
        with schema_context.inside(name), connection.cursor() as cursor:
            cursor.execute(done)
        with pytest.raises(schema_creation.SchemaIncomplete, match=told) as refused:
            schema_creation.verify(name)
        assert name in str(refused.value)
        transaction.set_rollback(True)


def test_a_schema_that_is_not_there_is_refused_though_public_is_at_head(
    web_stack: WebStack,
) -> None:
    with pytest.raises((schema_creation.SchemaIncomplete, DatabaseError)):
        schema_creation.verify(opaque_schema_name())


@pytest.mark.parametrize(
    "name",
    ["public", "acme", "t_", "t_XYZ", "T_" + "0" * 24, "t_" + "0" * 23, "t_" + "0" * 25,
     "t_" + "0" * 23 + "é", 't_"; DROP', "pg_" + "0" * 24],
)  # fmt: skip
def test_the_database_takes_no_schema_name_but_an_opaque_one(
    web_stack: WebStack, name: str
) -> None:
    with pytest.raises(IntegrityError, match="schema_name_is_opaque"), transaction.atomic():
        Tenant.objects.bulk_create([Tenant(schema_name=name)])


def test_a_name_that_is_in_use_is_refused_and_a_new_one_says_nothing(web_stack: WebStack) -> None:
    used = web_stack.acme.tenant.schema_name
    with pytest.raises(IntegrityError, match="unique"), transaction.atomic():
        Tenant.objects.bulk_create([Tenant(schema_name=used)])
    names = {opaque_schema_name() for _ in range(100)}
    assert len(names) == 100
    assert "acme" not in used


def test_nothing_lets_a_schema_be_taken_over_that_somebody_left_behind(
    web_stack: WebStack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A deleted tenant's schema still holds its people: nobody else may move in."""
    left_behind = schema_creation.build_tenant()
    Tenant.objects.filter(pk=left_behind.pk).delete()
    monkeypatch.setattr(schema_names, "fresh", lambda: left_behind.schema_name)
    with pytest.raises(DatabaseError, match="already exists"):
        schema_creation.build_tenant()
    assert left_behind.schema_name not in rows_there()
    assert schema_context.is_public()


def test_saving_or_deleting_a_row_never_touches_a_schema(web_stack: WebStack) -> None:
    before = schemas_there()
    tenant = Tenant(name="By hand")
    tenant.save()
    assert schemas_there() == before
    tenant.delete()
    assert schemas_there() == before


def test_times_that_contradict_each_other_are_refused(web_stack: WebStack) -> None:
    fresh = Tenant.objects.create()
    for column in ("claimed_at", "opened_at"):
        with (
            pytest.raises(IntegrityError),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(
                f"UPDATE tenants_tenant SET {column} = now() WHERE id = %s",  # noqa: S608 - our own words
                [fresh.pk],
            )
    fresh.delete()
