"""The doctor tells of schemas that somebody changed by hand, and of what belongs to nobody."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from public_apps.tenants import schema_creation, schema_diff
from public_apps.tenants.models import opaque_schema_name
from public_apps.tenants.offboarding import orphans
from public_apps.tenants.rollout import inspection
from tests.core.web_stack import WebStack, Workspace, create_workspace
from tests.staff.examined import examine


def told(part: str) -> list[tuple[str, str]]:
    """Return the doctor's verdict and words about a part."""
    status, findings = examine()
    assert status, "no worker on this ground"
    return [(each["verdict"], each["detail"]) for each in findings if each["part"] == part]


def run(statement: str, schema: str) -> None:
    """Do something to a schema by hand."""
    with connection.cursor() as cursor:
        cursor.execute(statement.format(connection.ops.quote_name(schema)))


@pytest.fixture
def court(web_stack: WebStack) -> Workspace:
    """A workspace among others that are as they should be."""
    for neighbour in (web_stack.acme, web_stack.birch):
        assert neighbour.tenant.provisioned_at
    return create_workspace()


@contextmanager
def undone_afterwards() -> Iterator[None]:
    """Take back whatever is done in the block: only we have seen it."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_where_nobody_was_at_work_nothing_is_told(court: Workspace) -> None:
    assert [verdict for verdict, _said in told("drift")] == ["ok"]


@pytest.mark.parametrize(
    ("done", "words"),
    [
        ("ALTER TABLE {}.votes_vote RENAME TO votes_old", "lacks votes_vote."),
        ("ALTER TABLE {}.home_sample ADD COLUMN odd text", "has besides home_sample.odd text"),
        ("CREATE INDEX odd ON {}.home_sample (id)", "has besides index odd"),
    ],
    ids=["a table that is gone", "one column more", "one index more"],
)
def test_a_schema_that_somebody_changed_is_named_with_what_is_odd(
    court: Workspace, done: str, words: str
) -> None:
    schema = str(court.tenant.schema_name)
    with undone_afterwards():
        run(done, schema)
        [(verdict, said)] = told("drift")
        assert verdict == "failing"
        assert said.startswith("1 tenants")
        assert f"{schema} " in said
        assert words in said
        assert list(schema_diff.find()) == [schema], "no neighbour is blamed"
    assert schema_diff.find() == {}


def test_what_all_tenants_lack_is_missed_by_the_models(court: Workspace) -> None:
    others = inspection.take()  # some that tests have broken are told of elsewhere
    there = inspection.in_fleet().exclude(schema_name__in=[*others.order, *others.broken])
    everyone = [str(each.schema_name) for each in there]
    with undone_afterwards():
        for schema in everyone:
            run("ALTER TABLE {}.home_sample RENAME TO home_lost", schema)
        [(verdict, said)] = told("drift")
        assert verdict == "failing"
        assert said.startswith(f"{len(everyone)} tenants")
        assert "lacks home_sample." in said


def test_a_tenant_that_waits_for_a_release_is_not_called_odd(court: Workspace) -> None:
    schema = str(court.tenant.schema_name)
    with undone_afterwards():
        run("DELETE FROM {}.django_migrations WHERE app = 'home'", schema)
        run("ALTER TABLE {}.home_sample ADD COLUMN odd text", schema)
        assert [verdict for verdict, _said in told("drift")] == ["ok"]
        assert "failing" in [verdict for verdict, _said in told("migrations")]


def test_what_belongs_to_nobody_is_told_and_left(web_stack: WebStack) -> None:
    nobodys = opaque_schema_name()
    with undone_afterwards():
        assert [verdict for verdict, _said in told("orphans")] == ["ok"]
        run("CREATE SCHEMA {}", nobodys)
        [(verdict, said)] = told("orphans")
        assert verdict == "warning"
        assert nobodys in said
        assert orphans.is_there(nobodys)


def test_a_tenant_whose_schema_is_gone_is_told(court: Workspace) -> None:
    schema = str(court.tenant.schema_name)
    with undone_afterwards():
        assert [verdict for verdict, _said in told("orphans")] == ["ok"]
        run("ALTER SCHEMA {} RENAME TO hidden", schema)
        [(verdict, said)] = told("orphans")
        assert verdict == "failing"
        assert schema in said


def test_looking_costs_the_same_number_of_questions_for_any_number_of_tenants(
    court: Workspace,
) -> None:
    with CaptureQueriesContext(connection) as few:
        schema_diff.find()
    schema_creation.build_tenant()
    with CaptureQueriesContext(connection) as more:
        schema_diff.find()
    assert len(more) == len(few)
