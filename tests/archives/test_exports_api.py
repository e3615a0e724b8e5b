"""/api/exports/: asked for, followed as it is made, fetched by a link that soon is worth nothing."""

from __future__ import annotations

import dataclasses
import io
import secrets
import zipfile
from datetime import timedelta
from typing import Any

import pytest
import requests
from django.core import signing
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from public_apps.accounts.models import User
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from public_apps.tenants.archives import download_links
from public_apps.tenants.archives import exports as asking
from public_apps.tenants.archives.tasks import make_export, sweep_exports
from public_apps.tenants.models import Export, Tenant
from tests.core.web_stack import WebStack, Workspace, create_workspace


class Owner:
    """The owner of a workspace of her own, signed in."""

    def __init__(self, web_stack: WebStack) -> None:
        self.workspace: Workspace = create_workspace()
        self.http_client = web_stack.http_client()
        self.headers = {"Authorization": f"Bearer {self.http_client.token(self.workspace)}"}

    def ask(self, method: str, path: str = "", **headers: str) -> requests.Response:
        """Send a request about exports."""
        return self.http_client.ask(
            method, f"/api/exports/{path}", host=self.workspace.host,
            headers={**self.headers, **headers}, json={} if method == "POST" else None,
        )  # fmt: skip

    def follow(self, url: str, *, host: str = "") -> requests.Response:
        """Open a link as a browser does that nobody has signed in with."""
        path = url[url.index("/", len("https://")) :]
        return self.http_client.ask("GET", path, host=host or self.workspace.host)

    def finished(self) -> dict[str, Any]:
        """Have one made, and return it as the API shows it."""
        export = self.ask("POST").json()
        make_export(export["id"])
        shown: dict[str, Any] = self.ask("GET", f"{export['id']}/").json()
        return shown


@pytest.fixture
def owner(web_stack: WebStack, settings: Settings) -> Owner:
    """The store is the web server's."""
    settings.ARCHIVE_STORE = web_stack.stack.env["ARCHIVE_STORE"]
    settings.SECRET_KEY = web_stack.stack.env["DJANGO_SECRET_KEY"]
    return Owner(web_stack)


def test_an_export_is_asked_for_followed_and_fetched(owner: Owner) -> None:
    key = {"Idempotency-Key": secrets.token_hex(8)}
    first, again = owner.ask("POST", **key), owner.ask("POST", **key)
    assert (first.status_code, again.headers["Idempotent-Replayed"]) == (201, "true")
    export = first.json()
    assert again.json() == owner.ask("POST").json() == export
    assert (export["status"], export["asked_by"]) == ("waiting", owner.workspace.owner)
    assert owner.ask("POST", f"{export['id']}/link/").status_code == 409

    seen: list[tuple[str, int, int]] = []

    def told(done: int, of: int) -> None:
        Export.objects.filter(pk=export["id"]).update(done=done, parts=of)
        if done in {1, of}:
            shown = owner.ask("GET", f"{export['id']}/").json()
            seen.append((shown["status"], shown["done"], shown["parts"]))

    asking.make(Export.objects.get(pk=export["id"]), told=told)
    assert [(status, done) for status, done, _of in seen] == [("making", 1), ("making", seen[0][2])]
    [listed] = owner.ask("GET").json()["results"]
    assert listed["status"] == "ready"

    link = owner.ask("POST", f"{export['id']}/link/").json()
    answer = owner.follow(link["url"])
    assert answer.status_code == 200
    assert int(answer.headers["Content-Length"]) == listed["size"] == len(answer.content)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert owner.workspace.owner.encode() in archive.read("tables/accounts_user.csv")
    with inside(owner.workspace.tenant.schema_name):
        log = list(Entry.objects.order_by("pk").values_list("actor", "action"))
    operations = ["workspace.export_asked", "workspace.export_fetched"]
    assert [operation for _who, operation in log if "export" in operation] == operations
    assert {who for who, operation in log if "export" in operation} == {owner.workspace.owner}


def test_a_link_is_good_for_minutes_at_one_workspace_for_who_still_may(
    owner: Owner, web_stack: WebStack
) -> None:
    export = owner.finished()
    link = owner.ask("POST", f"{export['id']}/link/").json()["url"]
    assert owner.follow(link, host=web_stack.acme.host).status_code == 404
    assert owner.follow(f"{link}x").status_code == 404
    assert owner.follow(link.partition("?")[0]).status_code == 404
    assert owner.follow(link).status_code == 200

    schema = owner.workspace.tenant.schema_name
    with inside(schema):
        person = User.objects.get(email=owner.workspace.owner)
    for made_in, age, status in (
        (schema, -timedelta(seconds=30), 200),
        (schema, timedelta(seconds=2), 404),
        (web_stack.acme.tenant.schema_name, -timedelta(seconds=30), 404),
    ):
        token = signed([made_in, export["id"], person.pk], ago=download_links.GOOD_FOR + age)
        assert owner.follow(f"{link.partition('=')[0]}={token}").status_code == status

    with inside(schema):
        User.objects.filter(pk=person.pk).update(is_active=False)
    assert owner.follow(link).status_code == 404
    with inside(schema):
        User.objects.filter(pk=person.pk).update(is_active=True)
    Export.objects.filter(pk=export["id"]).update(expires_at=timezone.now())
    assert owner.follow(link).status_code == 404
    sweep_exports(0)
    assert owner.ask("GET").json()["results"] == []
    assert owner.ask("GET", f"{export['id']}/").status_code == 404


def signed(said: list[object], *, ago: timedelta) -> str:
    """Return the token of a link that was made a while ago."""
    signer = signing.TimestampSigner(salt=download_links.SALT)
    then = signing.b62_encode(int((timezone.now() - ago).timestamp()))
    signer.timestamp = lambda: then  # type: ignore[method-assign]  # of then
    return signer.sign_object(said, serializer=signing.JSONSerializer)


def test_a_store_out_of_reach_is_said(owner: Owner, settings: Settings) -> None:
    export = owner.finished()
    link = owner.ask("POST", f"{export['id']}/link/").json()["url"]
    settings.ARCHIVE_STORE = "s3://archives"
    settings.ARCHIVE_S3 = dataclasses.replace(settings.ARCHIVE_S3, endpoint="http://127.0.0.1:9")
    answer = Client().get(link, headers={"Host": owner.workspace.host})
    assert answer.status_code == 503
    assert "try again later" in answer.content.decode()


def test_a_neighbours_export_is_not_there(owner: Owner, web_stack: WebStack) -> None:
    other = Owner(web_stack)
    theirs = other.ask("POST").json()["id"]
    assert owner.ask("GET", f"{theirs}/").status_code == 404
    assert owner.ask("POST", f"{theirs}/link/").status_code == 404
    assert owner.ask("GET").json()["results"] == []


def test_a_suspended_workspace_can_still_be_taken_along_and_three_a_day_are_enough(
    owner: Owner,
) -> None:
    Tenant.objects.filter(pk=owner.workspace.tenant.pk).update(suspended_at=timezone.now())
    exports = [owner.finished() for _ in range(3)]
    assert owner.ask("POST", f"{exports[0]['id']}/link/").status_code == 200
    refusal = owner.ask("POST")
    assert (refusal.status_code, refusal.json()["title"]) == (
        409, "This can't be done as things stand",
    )  # fmt: skip
