"""What others' migrations do, which ours do not: each ends as it would under django-tenants."""

from __future__ import annotations

import json
import subprocess
import sys
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection

from devstack.processes import ROOT
from public_apps.core import clock
from public_apps.tenants import pool, schema_creation
from public_apps.tenants.models import Tenant
from public_apps.tenants.offboarding import orphans
from tests.core.web_stack import WebStack
from tests.customer import until
from tests.fleet.test_same_as_django import compare

STRANGE = "tests.fleet.strange.settings"
LAYOUT = "tests.fleet.strange.settings_layout"
STRANGERS = "tests.fleet.strange.settings_strangers"
# Built in one transaction, though their constraints wait for a commit, or do not.
AT_ONCE = ["late_key", "at_once_unique", "subclass"]
# These want transactions of their own, or none.
IN_STEPS = [
    "all_put_off",
    "beside_traffic",
    "crowded",
    "durable",
    "new_value",
    "on_commit",
    "own_transaction",
    "set_by_python",
    "set_local",
]
SCRIPT = """
import json
from tests.fleet.likeness import Scale
scale = Scale({pg_bin!r})
scale.{check}
print(json.dumps([scale.compared, scale.differences, scale.texts, scale.in_steps]))
"""


def weigh(web_stack: WebStack, settings: str, check: str) -> tuple[dict[str, Any], list[str]]:
    """Hold the engine against django-tenants; return what is text, and what was built in steps."""
    assert web_stack.stack.postgres
    script = SCRIPT.format(pg_bin=str(web_stack.stack.postgres.binaries.folder), check=check)
    environ = {"DJANGO_SETTINGS_MODULE": settings}
    done = web_stack.stack.manage("shell", "-v0", "-c", script, environ=environ, timeout=None)
    assert done.returncode == 0, done.stderr
    compared, differences, texts, in_steps = json.loads(done.stdout.splitlines()[-1])
    assert differences == []
    assert len(compared) == 2 * len(texts) > 0
    return texts, in_steps


def test_a_history_of_any_kind_ends_as_it_would_under_django_tenants(web_stack: WebStack) -> None:
    texts, in_steps = weigh(web_stack, STRANGE, f"strange(*{AT_ONCE + IN_STEPS})")
    assert sorted(in_steps) == IN_STEPS
    assert "strange.0005_own" not in texts["subclass"]
    assert {"strange.0004_n2", "strange.0006_last"} <= set(texts["subclass"])


@pytest.fixture
def extension(web_stack: WebStack) -> None:
    """Have what an extension would bring in a schema of its own, as a superuser makes it once.

    The wheel's PostgreSQL has no pg_trgm; an operator class of our own is looked up in the same way.
    """
    assert web_stack.stack.postgres
    url = web_stack.stack.postgres.superuser_url.rpartition("/")[0]
    name = web_stack.stack.database_url.rpartition("/")[2]
    with psycopg.connect(f"{url}/{name}", autocommit=True) as database:
        database.execute("CREATE SCHEMA IF NOT EXISTS extensions")
        database.execute("GRANT USAGE ON SCHEMA extensions TO public")
        database.execute(
            "DROP OPERATOR FAMILY IF EXISTS extensions.own_text_ops USING btree CASCADE"
        )
        database.execute(
            "CREATE OPERATOR CLASS extensions.own_text_ops FOR TYPE text USING btree AS OPERATOR 1 <,"
            " OPERATOR 2 <=, OPERATOR 3 =, OPERATOR 4 >=, OPERATOR 5 >, FUNCTION 1 bttextcmp(text, text)"
        )


@pytest.mark.usefixtures("extension")
def test_what_lies_in_public_or_in_a_schema_of_extensions_is_found(web_stack: WebStack) -> None:
    texts, in_steps = weigh(web_stack, LAYOUT, "strange('opclass')")
    assert in_steps == []
    assert "strange.0002_index" in texts["opclass"]


def test_strangers_who_listen_hear_what_they_would_hear(web_stack: WebStack) -> None:
    texts, in_steps = weigh(web_stack, STRANGERS, "built('heard')")
    assert in_steps == []
    assert "strange.0002_key" in texts["heard"]


def test_strangers_hear_of_each_tenant_of_a_batch(web_stack: WebStack) -> None:
    check = "together(16, label='strange', after=3)"
    compared = compare(web_stack, STRANGERS, check)
    assert compared == ["canary", *["one of 16"] * 16]


BUILD = """
from tests.fleet import likeness
from public_apps.tenants import schema_creation
likeness.know_no_other("sleeps")
schema_creation.build_tenant()
"""


def test_half_a_schema_is_thrown_away_once_its_builder_is_dead_and_not_before(
    web_stack: WebStack,
) -> None:
    before = set(Tenant.objects.values_list("schema_name", flat=True))
    environ = {**web_stack.stack.env, "DJANGO_SETTINGS_MODULE": STRANGE}
    command = [sys.executable, "manage.py", "shell", "-v0", "-c", BUILD]
    builder = subprocess.Popen(command, cwd=ROOT, env=environ, stdout=subprocess.DEVNULL)
    try:
        name = until(lambda: _asleep(before))
        Tenant.objects.filter(schema_name=name).update(created_at=clock.now() - timedelta(hours=1))
        assert name not in schema_creation.clear_unfinished()
        assert name not in orphans.find().schemas
        assert not pool.current_spares().filter(schema_name=name).exists()
    finally:
        builder.kill()
        builder.wait()
    until(lambda: name in schema_creation.clear_unfinished())  # PostgreSQL has noticed that it died
    assert not orphans.is_there(name)
    assert not Tenant.objects.filter(schema_name=name).exists()


def _asleep(before: set[str]) -> str | None:
    """Return the schema in whose making somebody sleeps."""
    made = Tenant.objects.filter(provisioned_at=None).exclude(schema_name__in=before)
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE query LIKE 'SELECT pg_sleep(%'")
        return made.get().schema_name if cursor.fetchone() else None
