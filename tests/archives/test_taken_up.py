"""What waited for a job when the archive was made waits for one again, wherever the rows come back."""

from __future__ import annotations

from pathlib import Path

from django.core.files.uploadedfile import SimpleUploadedFile
from procrastinate.contrib.django.models import ProcrastinateJob

from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.tenants.archives import importer, restore, writer
from public_apps.tenants.models import Tenant
from tenant_apps.buildings.models import Work
from tenant_apps.files import actions as files
from tenant_apps.home import sample
from tenant_apps.home.tasks import fill_sample
from tests.core.web_stack import WebStack, Workspace, create_workspace


def busy(to: Path) -> tuple[Workspace, Work]:
    """Return a workspace that was archived while a job and an upload of its were waiting."""
    workspace = create_workspace()
    with inside(workspace.tenant.schema_name):
        owner = User.objects.get(email=workspace.owner)
        work = sample.start(by=owner)
        files.keep(SimpleUploadedFile("a.csv", b"year;amount\n2025;1\n"), by=owner)
    writer.export(workspace.tenant, to=to)
    return workspace, work


def waiting(schema_name: str) -> dict[str, dict[str, str]]:
    """Return the jobs that wait for a schema, by the last part of their task's name."""
    jobs = ProcrastinateJob.objects.filter(status="todo")
    mine = [job for job in jobs if schema_name in job.args.values()]
    return {job.task_name.rpartition(".")[2]: job.args for job in mine}


def test_an_imported_workspace_finishes_what_was_asked_for(
    web_stack: WebStack, tmp_path: Path
) -> None:
    archive = tmp_path / "busy.zip"
    workspace, work = busy(archive)
    copy = importer.import_archive(archive, label=f"{workspace.tenant.name.lower()}-too")
    jobs = waiting(copy.schema_name)
    assert set(jobs) == {"fill_sample", "sweep_waiting"}
    fill_sample(**jobs["fill_sample"])
    with inside(copy.schema_name):
        assert Work.objects.get(pk=work.pk).status == "done"
    with inside(workspace.tenant.schema_name):
        assert Work.objects.get(pk=work.pk).status == "waiting", "the other one's own job is due"


def test_a_restored_workspace_does_so_in_its_new_schema(
    web_stack: WebStack, tmp_path: Path
) -> None:
    archive = tmp_path / "busy.zip"
    workspace, _work = busy(archive)
    restore.restore(workspace.tenant, path=archive)
    now = Tenant.objects.get(pk=workspace.tenant.pk).schema_name
    assert now != workspace.tenant.schema_name
    assert set(waiting(now)) == {"fill_sample", "sweep_waiting"}


def test_where_nothing_waited_nothing_is_enqueued(web_stack: WebStack, tmp_path: Path) -> None:
    archive = tmp_path / "quiet.zip"
    workspace = create_workspace()
    writer.export(workspace.tenant, to=archive)
    copy = importer.import_archive(archive, label=f"{workspace.tenant.name.lower()}-too")
    assert waiting(copy.schema_name) == {}
