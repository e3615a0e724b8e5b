"""What an export holds, and that an import of it is the same workspace."""

from __future__ import annotations

import csv
import io
import json
import re
import subprocess
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from django.db import connection
from pytest_django import Settings

from devstack import pgbinaries
from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from public_apps.tenants import domains
from public_apps.tenants.archives import importer, schema_contents, writer
from public_apps.tenants.archives.manifest import ArchiveRefused
from public_apps.tenants.models import Tenant
from tenant_apps.buildings import actions as buildings
from tests.archives.furnished import contents_of, members
from tests.core.web_stack import WebStack, Workspace, person_of

SECRET = re.compile(r"password|secret|digest|nonce|^key$|token|session")
# Named like a secret, and none: who acted by which impersonation, and when somebody was seen.
PLAIN: set[tuple[str, str]] = set()


def test_what_people_get_holds_every_table_and_file_and_no_secret(
    furnished: Workspace, archive: Path
) -> None:
    schema = furnished.tenant.schema_name
    with connection.cursor() as cursor:
        tables = {table.name: table for table in schema_contents.tables_of(cursor, schema)}
    shown = members(archive, "tables/")
    assert {name.removeprefix("tables/").removesuffix(".csv") for name in shown} == set(tables)
    for name, table in tables.items():
        header, *lines = csv.reader(io.StringIO(shown[f"tables/{name}.csv"].decode()))
        assert header == list(table.shown)
        odd = {(name, each) for each in header if SECRET.search(each)}
        assert not lines or odd <= PLAIN, odd
    with zipfile.ZipFile(archive) as opened:
        told = json.loads(opened.read("manifest.json"))
    person = person_of(furnished)
    everything = b"".join(shown.values())
    assert person.password.encode() not in everything
    assert person.email.encode() in everything
    uploads = members(archive, "files/")
    assert sorted(uploads.values()) == sorted(
        f"year;amount\n2025;{number}\n".encode() * 2000 for number in range(3)
    )
    counted = {each["name"]: each["rows"] for each in told["tables"]}
    assert counted["accounts_user"] == shown["tables/accounts_user.csv"].decode().count("@")
    assert told["tenant"]["subdomain"] == domains.label_of(furnished.host)


def test_the_dump_is_one_that_postgresql_restores(archive: Path, tmp_path: Path) -> None:
    dump = tmp_path / "schema.dump"
    dump.write_bytes(members(archive, "dump/")["dump/schema.dump"])
    program = pgbinaries.find().folder / "pg_restore"
    listed = subprocess.run([program, "--list", dump], capture_output=True, text=True, check=True)
    assert "TABLE DATA" in listed.stdout
    assert "accounts_user" in listed.stdout
    told = subprocess.run([program, "-f", "-", dump], capture_output=True, text=True, check=True)
    assert "scrypt$" in told.stdout


def test_an_export_in_the_midst_of_writes_imports_as_the_same(
    web_stack: WebStack, furnished: Workspace, tmp_path: Path
) -> None:
    token = web_stack.http_client().token(furnished)
    over = threading.Event()

    def write(number: int) -> int:
        http_client, count = web_stack.http_client(), 0
        headers = {"Authorization": f"Bearer {token}"}
        while not over.is_set():
            body = {"name": f"House {number}-{count}", "address": "Ermou 2"}
            answer = http_client.ask(
                "POST", "/api/buildings/", host=furnished.host, headers=headers, json=body
            )
            assert answer.status_code in {201, 409}, answer.text
            count += 1
        return count

    first, second = tmp_path / "first.zip", tmp_path / "second.zip"
    with ThreadPoolExecutor(8) as clients:
        at_work = [clients.submit(write, number) for number in range(8)]
        try:
            writer.export(furnished.tenant, to=first)
        finally:
            over.set()
        assert sum(each.result() for each in at_work) >= 8

    label = f"{domains.label_of(furnished.host)}-too"
    tenant = importer.import_archive(first, label=label)
    writer.export(tenant, to=second)
    assert members(first, "tables/") == members(second, "tables/")
    assert members(first, "files/") == members(second, "files/")
    assert members(first, "data/") == members(second, "data/")
    assert tenant.schema_name != furnished.tenant.schema_name

    copy = Workspace(tenant=tenant, host=domains.host_of(label), owner=furnished.owner)
    http_client = web_stack.http_client()
    headers = {"Authorization": f"Bearer {http_client.token(copy)}"}
    assert http_client.ask("GET", "/api/me/", host=copy.host, headers=headers).status_code == 200
    stranger = {"Authorization": f"Bearer {token}"}
    assert http_client.ask("GET", "/api/me/", host=copy.host, headers=stranger).status_code == 401


def test_rows_added_to_an_import_get_numbers_of_their_own(
    archive: Path, web_stack: WebStack
) -> None:
    tenant = importer.import_archive(archive, label="numbered-court")
    with inside(tenant.schema_name):
        before = set(User.objects.values_list("pk", flat=True))
        made = User.objects.create_user("kostas@example.com", role="manager")
        building = buildings.add_building(name="New", address="Ermou 3", notes="")
        assert made.pk > max(before)
        assert building.pk


def test_a_name_that_is_taken_is_refused_and_leaves_nothing(
    furnished: Workspace, archive: Path
) -> None:
    before = Tenant.objects.count()
    with pytest.raises(domains.DomainTaken):
        importer.import_archive(archive)
    assert Tenant.objects.count() == before
    assert contents_of(furnished.tenant.schema_name)


def test_an_archive_of_another_installation_is_taken_only_on_trust(
    archive: Path, web_stack: WebStack, settings: Settings
) -> None:
    settings.SECRET_KEY = "another-installation-has-a-key-of-its-own-0123456789"
    with pytest.raises(ArchiveRefused, match="not written by this installation"):
        importer.import_archive(archive, label="moved-court")
    tenant = importer.import_archive(archive, label="moved-court", trust=True)
    assert tenant.status == "active"
