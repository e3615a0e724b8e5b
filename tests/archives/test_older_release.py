"""An archive that an earlier release wrote comes back, and is brought to this release's schema."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.management import call_command
from django.db import connection, transaction
from django.db.migrations.loader import MigrationLoader
from django.utils import timezone

from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.tenants import domains
from public_apps.tenants.archives import manifest, writer
from public_apps.tenants.archives.reader import opened
from public_apps.tenants.lookup import named
from public_apps.tenants.models import Tenant
from public_apps.tenants.schema_migrations import applied, executor, head, plan
from public_apps.tenants.schema_migrations.head import Keys
from tenant_apps.buildings import actions as buildings
from tenant_apps.files import actions as files
from tests.archives.furnished import ODD, contents_of
from tests.core.web_stack import PASSWORD, WebStack, Workspace

# Django's own bookkeeping grows with a release.
GROWS = {"django_migrations", "django_content_type", "auth_permission"}


def earlier() -> Keys:
    """Return what an earlier release had: all but the last migrations that nothing rests upon."""
    graph = MigrationLoader(None).graph
    last = {
        node
        for node in graph.leaf_nodes()
        if not graph.node_map[node].children and not node[1].startswith("0001")
    }
    return frozenset(graph.nodes) - last


@pytest.fixture
def older(web_stack: WebStack) -> Iterator[Workspace]:
    """A workspace that this release has not reached, with people, a building and a file."""
    now = timezone.now()
    with transaction.atomic():
        tenant: Tenant = Tenant.objects.create(name="Old Court", owner_email="eleni@old.example")
        schema = tenant.schema_name
        executor.hold(schema)
        with connection.cursor() as cursor:
            cursor.execute(f"CREATE SCHEMA {connection.ops.quote_name(schema)}")
        executor.build(schema, plan.compile_plan(schema, upto=earlier()))
        tenant.provisioned_at = tenant.claimed_at = tenant.opened_at = now
        tenant.migrations_fingerprint = head.fingerprint(earlier())
        tenant.save()
        host = domains.ensure_primary(tenant, label=f"old-{tenant.pk}").domain
    with inside(schema):
        owner = User.objects.create_user(tenant.owner_email, password=PASSWORD, role="owner")
        buildings.add_building(name="Ήλιος", address="Ermou 1", notes=ODD)
        files.keep(SimpleUploadedFile("bill.csv", b"year;amount\n2025;7\n" * 1000), by=owner)
    yield Workspace(tenant=tenant, host=host, owner=tenant.owner_email)
    with transaction.atomic():  # other tests hold the fleet against this release
        left = plan.compile_plan(schema)
        executor.migrate(schema, left, done=left.applied, settled=False)
    Tenant.objects.filter(pk=tenant.pk).update(migrations_fingerprint=head.fingerprint())


def test_an_archive_of_an_earlier_release_is_imported_and_migrated(
    web_stack: WebStack, older: Workspace, tmp_path: Path
) -> None:
    schema, path = older.tenant.schema_name, tmp_path / "old.zip"
    assert not head.is_head(applied.applied(schema))
    then = contents_of(schema)
    writer.export(older.tenant, to=path)
    with opened(path) as archive:
        assert frozenset(archive.manifest.migrations) == earlier() < head.required()
        assert archive.manifest.format == manifest.FORMAT
    call_command("tenant", "import", str(path), "--as", f"new-{older.tenant.pk}")

    tenant = named(f"new-{older.tenant.pk}")
    assert tenant
    assert head.is_head(applied.applied(tenant.schema_name))
    assert tenant.migrations_fingerprint == head.fingerprint()
    now = contents_of(tenant.schema_name)
    assert now.keys() - then.keys() >= {"home_logo"}, "a table of this release"
    assert {name: now[name] for name in then.keys() - GROWS} == {
        name: then[name] for name in then.keys() - GROWS
    }
    copy = Workspace(
        tenant=tenant, host=domains.host_of(f"new-{older.tenant.pk}"), owner=older.owner
    )
    assert web_stack.http_client().sign_in(copy).status_code == 200
    assert applied.applied(schema) == earlier(), "the original is as it was"
