"""With TENANT_ON_CITUS a schema is made on a worker node, or not at all. No Citus runs here."""

from __future__ import annotations

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import Settings

from public_apps.core.schema_context import to_public
from public_apps.tenants import schema_creation, schema_location
from public_apps.tenants.models import Tenant, opaque_schema_name
from tests.core.web_stack import WebStack


def test_on_one_server_a_schema_is_made_by_one_statement(web_stack: WebStack) -> None:
    name = opaque_schema_name()
    with CaptureQueriesContext(connection) as executed, transaction.atomic():
        schema_location.create_schema(name)
        transaction.set_rollback(True)
    assert [query["sql"] for query in executed if name in query["sql"]] == [
        f'CREATE SCHEMA "{name}"'
    ]


def test_without_citus_nothing_is_built_that_is_thought_to_lie_there(
    web_stack: WebStack, settings: Settings
) -> None:
    settings.TENANT_ON_CITUS = True
    before = Tenant.objects.count()
    with pytest.raises(schema_location.NotDistributed, match="needs the extension citus"):
        schema_creation.build_tenant()
    to_public()
    assert Tenant.objects.count() == before
