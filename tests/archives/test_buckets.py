"""Archives in a bucket: kept and given back whole, shared by machines, and clear about what is wrong."""

from __future__ import annotations

import dataclasses
import io
import os
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.core.management import call_command
from pytest_django import Settings

from public_apps.tenants.archives import backup, stores
from public_apps.tenants.archives.store_types import NoStore, NotKept, Store
from public_apps.tenants.archives.tasks import make_export
from public_apps.tenants.models import RestoreTest
from staff.doctor.archives import examine_archives
from tests.archives.s3_server import BUCKET, S3Server, serving
from tests.core.web_stack import WebStack, another_web, create_workspace

MIB = 1024 * 1024


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    """One server for all of these."""
    with serving(tmp_path_factory.mktemp("s3")) as server:
        yield server


@pytest.fixture
def bucket(server: S3Server, settings: Settings) -> Store:
    """The bucket as this process's store."""
    settings.ARCHIVE_STORE, settings.ARCHIVE_S3 = server.environ["ARCHIVE_STORE"], server.access
    return stores.store()


def test_what_is_put_comes_back_whole_large_things_in_parts(
    bucket: Store, server: S3Server, tmp_path: Path
) -> None:
    sent, back = tmp_path / "sent", tmp_path / "back"
    for key, size in (("shelf-1/a.zip", 1000), ("shelf-1/b.zip", 40 * MIB)):
        sent.write_bytes(os.urandom(size))
        bucket.put(key, sent)
        bucket.fetch(key, back)
        assert back.read_bytes() == sent.read_bytes()
    with bucket.open("shelf-1/b.zip") as kept:
        assert kept.read(MIB) == sent.read_bytes()[:MIB]
    tag = server.client.head_object(Bucket=BUCKET, Key="con/cierge/shelf-1/b.zip")["ETag"]
    assert tag.endswith('-3"'), "sent in three parts"
    sent.write_bytes(b"replaced")
    bucket.put("shelf-1/a.zip", sent)
    bucket.fetch("shelf-1/a.zip", back)
    assert back.read_bytes() == b"replaced"


def test_keys_are_those_under_the_prefix_and_go_when_they_are_deleted(
    bucket: Store, server: S3Server, tmp_path: Path
) -> None:
    (tmp_path / "x").write_bytes(b"x")
    for key in ("shelf-3/b.zip", "shelf-3/a.zip", "shelf-33/a.zip"):
        bucket.put(key, tmp_path / "x")
    server.client.put_object(Bucket=BUCKET, Key="elsewhere/shelf-3/c.zip", Body=b"")
    assert bucket.keys("shelf-3/") == ["shelf-3/a.zip", "shelf-3/b.zip"]
    bucket.delete("shelf-3/a.zip")
    bucket.delete("shelf-3/a.zip")
    assert bucket.keys("shelf-3/") == ["shelf-3/b.zip"]
    with pytest.raises(NotKept):
        bucket.open("shelf-3/a.zip")
    with pytest.raises(NotKept):
        bucket.fetch("shelf-3/a.zip", tmp_path / "y")


def test_an_upload_that_never_ended_is_no_archive_and_is_given_up(
    bucket: Store, server: S3Server
) -> None:
    for key in ("con/cierge/shelf-4/a.zip", "elsewhere/a.zip"):
        server.client.create_multipart_upload(Bucket=BUCKET, Key=key)
    assert bucket.keys("shelf-4/") == []
    bucket.tidy("shelf-4/", older_than=timedelta(0))
    left = server.client.list_multipart_uploads(Bucket=BUCKET)["Uploads"]
    assert [each["Key"] for each in left] == ["elsewhere/a.zip"]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"secret": "not-the-one"}, "ARCHIVE_S3_SECRET_ACCESS_KEY"),
        ({"key_id": "AKIANOBODY"}, "ARCHIVE_S3_ACCESS_KEY_ID"),
        ({"endpoint": "http://127.0.0.1:9"}, "ARCHIVE_S3_ENDPOINT"),
        ({}, "ARCHIVE_STORE"),
    ],
    ids=lambda each: each if isinstance(each, str) else "",
)
def test_the_error_names_the_setting_that_is_wrong(
    web_stack: WebStack, bucket: Store, settings: Settings, tmp_path: Path,
    wrong: dict[str, str], named: str,
) -> None:  # fmt: skip
    settings.ARCHIVE_S3 = dataclasses.replace(settings.ARCHIVE_S3, **wrong)
    settings.ARCHIVE_STORE = settings.ARCHIVE_STORE if wrong else "s3://another-bucket"
    bucket = stores.store()
    (tmp_path / "x").write_bytes(b"x")
    with pytest.raises(NoStore, match=named):
        bucket.keys()
    with pytest.raises(NoStore, match=named):
        bucket.put("shelf-1/x.zip", tmp_path / "x")
    with pytest.raises(NoStore, match=named):
        bucket.open("shelf-1/x.zip")
    told = {finding.part: finding for finding in examine_archives()}
    assert named in told["archives"].detail
    assert told["archives"].verdict != "ok"


def test_web_and_worker_on_different_machines_share_it(
    web_stack: WebStack, bucket: Store, server: S3Server, tmp_path: Path
) -> None:
    workspace = create_workspace()
    with another_web(web_stack, tmp_path / "web", **server.environ) as http_client:
        headers = {"Authorization": f"Bearer {http_client.token(workspace)}"}

        def ask(method: str, path: str) -> dict[str, str]:
            answer = http_client.ask(method, path, host=workspace.host, headers=headers, json={})
            assert answer.ok, answer.text
            return dict(answer.json())

        export = ask("POST", "/api/exports/")
        make_export(export["id"])
        link = ask("POST", f"/api/exports/{export['id']}/link/")["url"]
        path = link[link.index("/settings/") :]
        answer = http_client.ask("GET", path, host=workspace.host)
    assert int(answer.headers["Content-Length"]) == len(answer.content)
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert workspace.owner.encode() in archive.read("tables/accounts_user.csv")


def test_a_backup_in_it_is_restored_and_erased(web_stack: WebStack, bucket: Store) -> None:
    workspace = create_workspace()
    call_command("backup", "--tenant", workspace.tenant.schema_name)
    call_command("backup", "--test")
    report = RestoreTest.objects.get(tenant=workspace.tenant)
    assert (report.error, report.backup) == ("", backup.newest(workspace.tenant))
    assert backup.StoredArchives().forget(workspace.tenant) == 1
    assert backup.newest(workspace.tenant) is None
