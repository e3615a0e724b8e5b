"""What may be uploaded, by whom it can be seen and taken, and what becomes of the rest."""

from __future__ import annotations

import http.client
import json
import threading
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection as database
from django.db import transaction
from django.utils import timezone

from public_apps.accounts.models import Role
from public_apps.core.schema_context import inside
from tenant_apps.files import actions
from tenant_apps.files.models import Kind, StoredContent, StoredFile
from tenant_apps.files.tasks import sweep_waiting
from tests.core.web_stack import WebStack, another_web, create_workspace
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace
from tests.tenant_apps.files import samples
from tests.tenant_apps.waiting import until_somebody_waits

MIB = 1024 * 1024
KINDS = [
    (samples.PDF, "application/pdf", ".pdf"),
    (samples.PNG, "image/png", ".png"),
    (samples.JPEG, "image/jpeg", ".jpg"),
    (samples.WEBP, "image/webp", ".webp"),
    (samples.HEIC, "image/heic", ".heic"),
    (samples.DOCX, Kind.DOCX.value, ".docx"),
    (samples.XLSX, Kind.XLSX.value, ".xlsx"),
    (samples.TEXT, "text/plain", ".txt"),
]


def upload(person: Person, data: bytes, name: str = "a file", **headers: str) -> requests.Response:
    return person.ask("POST", "/api/files/", files={"file": (name, data)}, headers=headers)


def kept(person: Person, data: bytes, name: str = "a file") -> dict[str, Any]:
    answer = upload(person, data, name)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


@pytest.mark.parametrize(("data", "kind", "ending"), KINDS, ids=[each[2] for each in KINDS])
def test_a_file_is_what_is_in_it_whatever_it_is_called(
    populated: PopulatedWorkspace, data: bytes, kind: str, ending: str
) -> None:
    told = kept(populated.resident, data, "photo.exe")
    assert (told["kind"], told["name"], told["size"]) == (kind, f"photo.exe{ending}", len(data))


def test_a_table_is_told_from_text_by_its_name(populated: PopulatedWorkspace) -> None:
    assert kept(populated.manager, samples.CSV, "mills.csv")["kind"] == "text/csv"
    assert kept(populated.manager, samples.CSV, "mills")["kind"] == "text/plain"


@pytest.mark.parametrize(
    "data",
    [
        b"MZ\x90\x00" + bytes(60),
        samples.ARCHIVE,
        samples.MACROS,
        b"PK\x03\x04broken",
        b"GIF89a\x01",
    ],
    ids=["program", "archive", "macros", "broken", "gif"],
)
def test_other_kinds_are_refused_whatever_they_are_called(
    populated: PopulatedWorkspace, data: bytes
) -> None:
    answer = upload(populated.manager, data, "invoice.pdf")
    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["file"])


def test_empty_and_large_files_are_refused_and_the_largest_is_taken(
    populated: PopulatedWorkspace,
) -> None:
    assert upload(populated.manager, b"").status_code == 400
    largest = samples.PDF.ljust(10 * MIB)
    assert kept(populated.manager, largest)["size"] == 10 * MIB
    assert upload(populated.manager, largest + b" ").json()["errors"]["file"]


def test_a_body_beyond_all_bounds_is_refused_unread(populated: PopulatedWorkspace) -> None:
    connection = http.client.HTTPConnection(urlsplit(populated.http_client.url).netloc, timeout=30)
    connection.putrequest("POST", "/api/files/", skip_host=True)
    for name, value in {
        "Host": populated.workspace.host,
        "Authorization": f"Bearer {populated.manager.token}",
        "Content-Type": "multipart/form-data; boundary=x",
        "Content-Length": str(60 * MIB),
    }.items():
        connection.putheader(name, value)
    connection.endheaders()  # and not one byte of the body
    answer = connection.getresponse()
    told = json.load(answer)
    connection.close()
    assert (answer.status, told["type"].rpartition("/")[2]) == (413, "too-large")


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("../../etc/passwd", "passwd.txt"),
        ("C:\\temp\\κλειδί.txt", "κλειδί.txt"),
        ('a"b\r\nSet-Cookie: x.txt', None),
        ("...", "file.txt"),
        ("x" * 300 + ".txt", "x" * 146 + ".txt"),
    ],
)
def test_a_name_is_only_a_name(populated: PopulatedWorkspace, name: str, shown: str | None) -> None:
    told = kept(populated.manager, samples.TEXT, name)["name"]
    assert told == shown if shown else told.isprintable()
    assert "/" not in told


def test_the_same_idempotency_key_keeps_one_file(populated: PopulatedWorkspace) -> None:
    first, again = (
        upload(populated.manager, samples.PDF, **{"Idempotency-Key": "once"}) for _ in range(2)
    )
    assert first.json() == again.json()
    assert again.headers["Idempotent-Replayed"] == "true"
    other = upload(populated.manager, samples.PNG, **{"Idempotency-Key": "once"})
    assert other.status_code == 422


def test_only_its_uploader_sees_and_removes_a_file_that_waits(
    populated: PopulatedWorkspace,
) -> None:
    stored = kept(populated.resident, samples.PDF)["id"]
    path = f"/api/files/{stored}/"
    for person in (populated.neighbour, populated.manager, populated.owner):
        assert person.ask("GET", path).status_code == 404
        assert person.ask("DELETE", path).status_code == 404
    assert populated.resident.ask("GET", path).status_code == 200
    assert populated.resident.ask("DELETE", path).status_code == 204
    with inside(populated.schema):
        assert not StoredContent.objects.filter(pk=stored).exists()


def test_nobody_uploads_without_signing_in(populated: PopulatedWorkspace) -> None:
    host = populated.workspace.host
    answer = populated.http_client.ask(
        "POST", "/api/files/", host=host, files={"file": ("a", b"b")}
    )
    assert answer.status_code == 401


def test_what_nobody_took_within_a_day_is_swept_and_the_rest_stays(
    populated: PopulatedWorkspace,
) -> None:
    old, young, taken = (kept(populated.manager, samples.PDF)["id"] for _ in range(3))
    with inside(populated.schema):
        StoredFile.objects.filter(pk__in=[old, taken]).update(
            created_at=timezone.now() - timedelta(days=1, minutes=1)
        )
        StoredFile.objects.filter(pk=taken).update(attached_at=timezone.now())
    sweep_waiting(schema_name=populated.schema)
    with inside(populated.schema):
        left = StoredFile.objects.filter(pk__in=[old, young, taken])
        assert {str(stored.pk) for stored in left} == {young, taken}
        assert not StoredContent.objects.filter(pk=old).exists()
    assert populated.manager.ask("GET", f"/api/files/{old}/").status_code == 404


def test_an_upload_arranges_for_its_own_sweep_once(populated: PopulatedWorkspace) -> None:
    for _ in range(2):
        kept(populated.manager, samples.PDF)
    with database.cursor() as cursor:
        cursor.execute(
            "SELECT scheduled_at FROM public.procrastinate_jobs WHERE queueing_lock = %s",
            [f"files:{populated.schema}"],
        )
        ((scheduled,),) = cursor.fetchall()
    assert timedelta(hours=23) < scheduled - timezone.now() <= timedelta(days=1)


def test_a_workspace_keeps_only_so_much(web_stack: WebStack, tmp_path: Path) -> None:
    with another_web(web_stack, tmp_path, TENANT_FILES_MIB="1", DJANGO_DEBUG="True") as http_client:
        populated = PopulatedWorkspace(http_client, workspace=create_workspace())
        data = samples.PDF.ljust(400 * 1024)
        answers = [upload(populated.manager, data) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [201, 201, 409]
    assert answers[2].json()["type"].endswith("storage-full")


def test_uploads_at_once_cant_pass_the_bound_together(web_stack: WebStack, tmp_path: Path) -> None:
    answers: list[int] = []
    with another_web(web_stack, tmp_path, TENANT_FILES_MIB="1", DJANGO_DEBUG="True") as http_client:
        populated = PopulatedWorkspace(http_client, workspace=create_workspace())
        data = samples.PDF.ljust(700 * 1024)
        nikos, maria = (populated.person(Role.MANAGER) for _ in range(2))
        assert maria.token
        second = threading.Thread(target=lambda: answers.append(upload(maria, data).status_code))
        with inside(populated.schema), transaction.atomic():
            actions.keep(SimpleUploadedFile("a.pdf", data), by=nikos.user)
            second.start()
            until_somebody_waits()
        second.join()
    assert answers == [409]


def test_one_person_lets_only_so_many_files_wait(populated: PopulatedWorkspace) -> None:
    somebody = populated.person(Role.STAFF)
    with inside(populated.schema):
        StoredFile.objects.bulk_create(
            StoredFile(
                name="a.txt", kind="text/plain", size=1, sha256="", uploaded_by=somebody.user
            )
            for _ in range(actions.MOST_WAITING)
        )
    assert upload(somebody, samples.TEXT).status_code == 409
    assert upload(populated.manager, samples.TEXT).status_code == 201
