"""What caches between us and people may keep: what is for everybody, and nothing that is somebody's."""

from __future__ import annotations

import gzip

import pytest
import requests

from tests.core.web_stack import FRONTEND, HttpClient, WebStack
from tests.tenant_api.operations import operations
from tests.tenant_api.populated_workspace import PopulatedWorkspace

PUBLIC = ["/api/billing/config/", "/api/billing/plans/", "/api/schema/?format=json"]
PERSONAL = {"x-tenant-host", "authorization", "x-session-token"}


def varies_by(answer: requests.Response) -> set[str]:
    """Return the headers that an answer depends on."""
    return {each.strip().lower() for each in answer.headers.get("Vary", "").split(",")}


@pytest.mark.parametrize("path", PUBLIC)
def test_what_everybody_is_told_is_kept_for_a_minute_and_asked_for_by_version(
    web_stack: WebStack, http_client: HttpClient, path: str
) -> None:
    answer = http_client.ask("GET", path, headers={"Accept-Encoding": "identity"})
    assert set(answer.headers["Cache-Control"].split(", ")) == {"public", "max-age=60"}
    assert {"x-tenant-host", "accept-language"} <= varies_by(answer)
    # What is shorter than that is never compressed.
    assert "accept-encoding" in varies_by(answer) or len(answer.content) < 200
    etag = answer.headers["ETag"]
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        again = http_client.ask("GET", path, headers={"If-None-Match": known})
        assert (again.status_code, again.content) == (304, b""), known
        assert again.headers["Cache-Control"] == answer.headers["Cache-Control"]
        assert "x-tenant-host" in varies_by(again)
    other = http_client.ask("GET", path, headers={"If-None-Match": '"other"'})
    assert (other.status_code, other.json()) == (200, answer.json())


def test_plans_in_another_language_have_another_version(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    path = "/api/billing/plans/"
    seen = {
        http_client.ask("GET", path, headers={"Accept-Language": language}).headers["ETag"]
        for language in ("en", "el")
    }
    texts = {
        http_client.ask("GET", path, headers={"Accept-Language": language}).text
        for language in ("en", "el")
    }
    assert len(seen) == len(texts)


def test_only_what_is_no_secret_is_compressed(
    web_stack: WebStack, populated: PopulatedWorkspace
) -> None:
    """The length of a compressed answer gives away what is in it (BREACH)."""
    zipped = {"Accept-Encoding": "gzip"}
    for path in PUBLIC[1:]:
        answer = populated.http_client.ask("GET", path, headers=zipped, stream=True)
        assert answer.headers["Content-Encoding"] == "gzip"
        assert gzip.decompress(answer.raw.read(decode_content=False))[:1] in b"[{"
        assert answer.headers["ETag"].startswith("W/")
        known = {**zipped, "If-None-Match": answer.headers["ETag"]}
        assert populated.http_client.ask("GET", path, headers=known).status_code == 304
    for path in ("/api/buildings/", "/api/me/", "/api/members/"):
        assert "Content-Encoding" not in populated.manager.ask("GET", path, headers=zipped).headers


@pytest.mark.parametrize("by_header", [False, True])
def test_every_answer_of_a_workspace_is_for_whoever_asked(
    populated: PopulatedWorkspace, by_header: bool
) -> None:
    host = "localhost" if by_header else populated.workspace.host
    chosen = {"X-Tenant-Host": populated.workspace.host} if by_header else {}
    person = {"Authorization": f"Bearer {populated.manager.token}"}
    for operation in operations(populated.http_client, populated.workspace.host):
        path = operation.route.replace("{", "").replace("}", "")
        for headers in ({**chosen, **person}, chosen):
            answer = populated.http_client.ask(operation.method, path, host=host, headers=headers)
            _is_for_one(answer, path)
    for path in ("/_allauth/app/v1/auth/session", "/_allauth/app/v1/config", "/api/nothing"):
        _is_for_one(populated.http_client.ask("GET", path, host=host, headers=chosen), path)


def test_all_else_of_the_public_api_is_for_one(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    for operation in operations(http_client, "localhost"):
        path = operation.route.replace("{label}", "acme").replace("{session_id}", "cs_test_x")
        answer = http_client.ask(operation.method, path, headers={"Origin": FRONTEND})
        assert "origin" in varies_by(answer)
        if not path.startswith(tuple(each.partition("?")[0] for each in PUBLIC)):
            _is_for_one(answer, path)
    unknown = http_client.ask("GET", PUBLIC[1], headers={"X-Tenant-Host": "nobody.localhost"})
    assert unknown.status_code == 404
    _is_for_one(unknown, "a workspace that is not there")


def test_pages_are_nobody_elses_and_files_of_pages_are_everybodys(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    for path, host in (
        ("/", "localhost"),
        ("/accounts/login/", web_stack.acme.host),
        ("/x/", "a.b"),
    ):
        answer = http_client.ask("GET", path, host=host)
        control = answer.headers["Cache-Control"]
        assert "private" in control or "no-store" in control, path
    style = http_client.ask("GET", "/static/nc/nc.css")
    assert "public" in style.headers["Cache-Control"]


def _is_for_one(answer: requests.Response, path: str) -> None:
    control = answer.headers["Cache-Control"]
    assert "private" in control, (path, control)
    assert "public" not in control, (path, control)
    assert varies_by(answer) >= PERSONAL, (path, answer.headers.get("Vary"))
