"""Staff see on a page of the admin which tenant could not be migrated, and why."""

from __future__ import annotations

from django.db import connection
from django.utils import timezone

from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from tests.core.web_stack import HttpClient, WebStack, create_workspace
from tests.staff.desk import member_of

FAILED = "tenants/tenantmigration/?error__isempty=0"


def execute(schema_name: str, statement: str) -> None:
    """Do something to one tenant by hand."""
    with inside(schema_name), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_tenant_that_failed_is_listed_with_its_error_until_it_is_migrated(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    desk, _person = member_of(http_client, "operator")
    name = create_workspace().tenant.schema_name
    execute(name, "DELETE FROM django_migrations WHERE app = 'home' AND name = '0002_logo'")

    failed = web_stack.stack.manage("migrate_fleet", "--tenant", name)
    assert failed.returncode == 1
    page = desk.get(f"{FAILED}&q={name}")
    assert page.status_code == 200
    assert "already exists" in page.text

    execute(name, "DROP TABLE home_logo")
    again = web_stack.stack.manage("migrate_fleet", "--tenant", name)
    assert again.returncode == 0, again.stderr
    assert "already exists" not in desk.get(f"{FAILED}&q={name}").text
    Tenant.objects.filter(schema_name=name).update(archived_at=timezone.now())
