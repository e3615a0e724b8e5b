"""Bodies arrive whole or are refused in words: chunked or not, of every kind, at every host."""

from __future__ import annotations

import json
import secrets
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from public_apps.accounts.models import Role
from tests.billing.posting import event, secret_of, signature
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, another_web, create_workspace
from tests.core.wire import Heard, head, multipart, send, send_raw
from tests.tenant_api.operations import operations
from tests.tenant_api.populated_workspace import PopulatedWorkspace
from tests.tenant_apps.files import samples

MIB = 1024 * 1024
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
CHECKOUT = "/api/billing/checkout/"
LOGIN = "/_allauth/app/v1/auth/login"
HOOK = "/api/billing/webhook/stripe/"
ANEW = b"ANEW"
CHUNKED = "Transfer-Encoding: chunked"


@dataclass(frozen=True)
class Cell:
    """One square of the matrix: what is sent where, and what must come back."""

    path: str
    body: bytes
    headers: dict[str, str]
    status: int
    host: str = "localhost"

    def fresh_body(self) -> bytes:
        """Return the body with a word that nobody has said before."""
        return self.body.replace(ANEW, secrets.token_hex(4).encode())


def public_cells(http_client: HttpClient, **_more: Any) -> list[Cell]:
    """What a public host takes: the shop's JSON, a form, and the sign-up form with files."""
    order = {"subdomain": "WWW!", "email": "nowhere"}
    csrf = secrets.token_hex(16)
    cookie = {"Cookie": f"csrf={csrf}"}
    fields = f"language=el&next=/&csrfmiddlewaretoken={csrf}".encode()
    whole, kind = multipart(organization="Elm", email="nowhere", csrfmiddlewaretoken=csrf)
    return [
        Cell(CHECKOUT, json.dumps(order).encode(), JSON, 400),
        Cell("/i18n/setlang/", fields, {**FORM, **cookie}, 302),
        Cell("/", whole, {"Content-Type": kind, **cookie}, 400),
    ]


def tenant_cells(
    http_client: HttpClient, *, populated: PopulatedWorkspace, by_header: bool
) -> list[Cell]:
    """What a workspace takes: JSON, an upload, a sign-in; by its host or chosen by header."""
    chosen = {"X-Tenant-Host": populated.workspace.host} if by_header else {}
    host = "localhost" if by_header else populated.workspace.host
    person = {"Authorization": f"Bearer {populated.manager.token}", **chosen}
    upload, kind = multipart(file=("plan.pdf", samples.PDF.ljust(2 * MIB)))
    name = b'{"name": "Elm ' + ANEW + b'", "address": "Elaion 5"}'
    sign_in = {"email": populated.person(Role.MANAGER).user.email, "password": PASSWORD}
    return [
        Cell("/api/buildings/", name, {**JSON, **person}, 201, host),
        Cell("/api/files/", upload, {"Content-Type": kind, **person}, 201, host),
        Cell(LOGIN, json.dumps(sign_in).encode(), {**JSON, **chosen}, 200, host),
    ]


PLACES: dict[str, Callable[..., list[Cell]]] = {
    "public": public_cells,
    "tenant": lambda http_client, populated: tenant_cells(
        http_client, populated=populated, by_header=False
    ),
    "X-Tenant-Host": lambda http_client, populated: tenant_cells(
        http_client, populated=populated, by_header=True
    ),
}


def shape(heard: Heard) -> Any:
    """Return what does not differ by its nature: status, kind, and the document's field names."""
    kind = heard.headers["Content-Type"]
    if "json" not in kind:
        return heard.status, kind
    told = heard.json()
    return heard.status, kind, sorted(told), sorted(told.get("errors") or [], key=str)


@pytest.mark.parametrize("place", PLACES)
def test_no_cell_of_the_matrix_differs(
    populated: PopulatedWorkspace, http_client: HttpClient, place: str
) -> None:
    """With and without the last slash, with a length and in chunks: the same, for all that is sent."""
    for cell in PLACES[place](http_client, populated=populated):
        seen = {}
        for chunked, slashed in product((False, True), repeat=2):
            is_page = not cell.path.startswith(("/api/", "/_allauth/"))
            path = cell.path if is_page else cell.path.rstrip("/") + "/" * slashed
            heard = send(
                HttpClient(populated.http_client.port), "POST", path, cell.fresh_body(),
                host=cell.host, chunked=chunked, headers=cell.headers,
            )  # fmt: skip
            assert heard.status == cell.status, (path, chunked, heard.body[:300])
            seen[chunked, slashed] = shape(heard)
        assert len({str(each) for each in seen.values()}) == 1, seen


def test_every_operation_with_a_body_reads_it_in_chunks_too(
    web_stack: WebStack, populated: PopulatedWorkspace
) -> None:
    """A list where an object belongs is told as such; a body taken for empty would lack fields."""
    person = {**JSON, "Authorization": f"Bearer {populated.manager.token}"}
    for host in ("localhost", populated.workspace.host):
        found = [each for each in operations(populated.http_client, host) if each.has_body]
        assert found
        for operation in found:
            path = operation.route.replace("{", "").replace("}", "").rstrip("/")
            plain, chunked = (
                send(web_stack.http_client(), operation.method, path, b"[1]",
                     host=host, chunked=chunked, headers=person)
                for chunked in (False, True)
            )  # fmt: skip
            assert (plain.status, plain.body) == (chunked.status, chunked.body), path


@pytest.mark.parametrize("debug", ["True", "False"])
def test_a_form_of_a_page_arrives_in_chunks_too(
    web_stack: WebStack, tmp_path: Path, debug: str
) -> None:
    workspace = create_workspace()
    with another_web(web_stack, tmp_path, DJANGO_DEBUG=debug) as web:
        csrf = secrets.token_hex(16)
        fields = f"language=el&next=/&csrfmiddlewaretoken={csrf}".encode()
        headers = {**FORM, "Cookie": f"csrf={csrf}"}
        for chunked, path in product((False, True), ("/i18n/setlang/", "/i18n/setlang")):
            heard = send(
                web, "POST", path, fields, host=workspace.host, chunked=chunked, headers=headers
            )
            if path.endswith("/"):
                assert (heard.status, heard.headers["Location"]) == (302, "/"), chunked
                assert "language=el" in heard.headers["Set-Cookie"]
            else:
                assert (heard.status, heard.headers["Location"]) == (308, "/i18n/setlang/")


def test_changes_and_removals_in_chunks_count_as_well(
    populated: PopulatedWorkspace, http_client: HttpClient
) -> None:
    path = f"/api/buildings/{populated.building.pk}"
    person = {**JSON, "Authorization": f"Bearer {populated.manager.token}"}
    for chunked in (False, True):
        notes = f"notes {chunked}"
        heard = send(
            http_client, "PATCH", path, json.dumps({"notes": notes}).encode(),
            host=populated.workspace.host, chunked=chunked, headers=person,
        )  # fmt: skip
        assert (heard.status, heard.json()["notes"]) == (200, notes)


# --- Too long -------------------------------------------------------------------------------------


@pytest.mark.parametrize("chunked", [False, True])
@pytest.mark.parametrize("path", [CHECKOUT, "/api/me/", LOGIN, "/api/nothing/", HOOK])
def test_three_mebibytes_of_json_are_too_much_and_told_so(
    web_stack: WebStack, http_client: HttpClient, path: str, chunked: bool
) -> None:
    host = "localhost" if "billing" in path else web_stack.acme.host
    body = json.dumps({"email": "x" * 3 * MIB}).encode()
    heard = send(http_client, "POST", path, body, host=host, chunked=chunked, headers=JSON)
    assert heard.status == 413
    assert heard.headers["Content-Type"] == "application/problem+json"
    told = heard.json()
    assert told["detail"] == "Send at most 1 MiB."
    assert told["type"].endswith("/too-large") or path == HOOK
    if path == LOGIN:
        assert told["errors"] == [{"message": told["detail"], "code": "too_large"}]


def test_a_refusal_for_length_can_be_read_by_the_frontend_in_its_language(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    headers = {**JSON, "Origin": "https://www.newconcierge.example", "Accept-Language": "el"}
    heard = send(http_client, "POST", CHECKOUT, b"x" * 2 * MIB, chunked=True, headers=headers)
    assert heard.status == 413
    assert heard.headers["Access-Control-Allow-Origin"] == headers["Origin"]
    assert heard.json()["detail"] == "Στείλτε το πολύ 1 MiB."


@pytest.mark.parametrize("chunked", [False, True])
def test_a_page_that_is_sent_too_much_says_so_to_people(
    web_stack: WebStack, http_client: HttpClient, chunked: bool
) -> None:
    body = b"organization=" + b"x" * 2 * MIB
    for path, host in (("/", "localhost"), ("/accounts/login/", web_stack.acme.host)):
        heard = send(http_client, "POST", path, body, host=host, chunked=chunked, headers=FORM)
        assert heard.status == 413
        assert heard.headers["Content-Type"].startswith("text/html")
        assert "<h1>This is too large</h1>" in heard.body.decode()
        assert "Send at most 1 MiB." in heard.body.decode()


@pytest.mark.parametrize("chunked", [False, True])
def test_one_mebibyte_is_taken_to_the_byte(
    web_stack: WebStack, http_client: HttpClient, chunked: bool
) -> None:
    for size, status in ((MIB, 400), (MIB + 1, 413)):
        body = b'{"email": "' + b"x" * (size - 13) + b'"}'
        assert len(body) == size
        heard = send(http_client, "POST", CHECKOUT, body, chunked=chunked, headers=JSON)
        assert heard.status == status


@pytest.mark.parametrize("chunked", [False, True])
def test_uploads_are_bounded_by_their_setting(
    web_stack: WebStack, tmp_path: Path, chunked: bool
) -> None:
    with another_web(web_stack, tmp_path, UPLOAD_MAX_MIB="3") as web:
        populated = PopulatedWorkspace(web)
        headers = {"Authorization": f"Bearer {populated.manager.token}"}
        for size, status in ((2 * MIB, 201), (4 * MIB, 413)):
            body, kind = multipart(file=("plan.pdf", samples.PDF.ljust(size)))
            given = {**headers, "Content-Type": kind}
            heard = send(
                web, "POST", "/api/files", body,
                host=populated.workspace.host, chunked=chunked, headers=given,
            )  # fmt: skip
            assert heard.status == status, heard.body
    assert heard.json()["detail"] == "Send at most 3 MiB."


def test_a_chunked_body_without_end_is_cut_off_soon(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    """Nothing is kept of what comes after the bound, however long somebody goes on."""
    chunk = b"%x\r\n%s\r\n" % (MIB, b"x" * MIB)
    began = time.monotonic()
    heard = send_raw(
        http_client,
        head(http_client, CHECKOUT, "Content-Type: application/json", CHUNKED),
        chunk,
        chunk,
    )
    assert heard is not None
    assert heard.status == 413
    assert time.monotonic() - began < 20


# --- Broken ---------------------------------------------------------------------------------------


BROKEN = {
    "no number": b"zz\r\nabc\r\n0\r\n\r\n",
    "a negative one": b"-5\r\nabc\r\n0\r\n\r\n",
    "nothing between": b"3\r\nabcdef\r\n0\r\n\r\n",
    "no end": b"3\r\nabc\r\n",
    "half a chunk": b"ff\r\nabc",
    "a bad extension": b'3;a="\r\nabc\r\n0\r\n\r\n',
}


@pytest.mark.parametrize("name", BROKEN)
@pytest.mark.parametrize("path", [CHECKOUT, HOOK, LOGIN, "/"])
def test_badly_chunked_bodies_are_refused_in_words(
    web_stack: WebStack, http_client: HttpClient, name: str, path: str
) -> None:
    host = web_stack.acme.host if path == LOGIN else "localhost"
    start = head(http_client, path, "Content-Type: application/json", CHUNKED, host=host)
    heard = send_raw(http_client, start, BROKEN[name])
    assert heard is not None
    assert heard.status == 400, heard.body
    words = heard.body.decode()
    assert "ended too early" in words
    assert path == "/" or heard.json()["detail"]


def test_a_body_that_ends_before_its_length_is_no_shorter_body(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    """Half a form must not be taken for a whole one."""
    workspace = create_workspace()
    body = json.dumps({"email": workspace.owner, "password": PASSWORD}).encode()
    start = head(
        http_client, LOGIN, "Content-Type: application/json", f"Content-Length: {len(body) + 10}",
        host=workspace.host,
    )  # fmt: skip
    heard = send_raw(http_client, start, body)
    assert heard is not None
    assert heard.status == 400
    assert heard.json()["type"].endswith("/malformed-body")


def test_a_silent_client_does_not_hold_a_thread_for_ever(
    web_stack: WebStack, tmp_path: Path
) -> None:
    with another_web(web_stack, tmp_path, WEB_CONCURRENCY="1", WEB_THREADS="1") as web:
        where = urlsplit(web.url)
        with socket.create_connection((where.hostname, where.port), timeout=60) as silent:
            silent.sendall(head(web, CHECKOUT, "Content-Type: application/json", CHUNKED))
            began = time.monotonic()
            assert web.ask("GET", "/healthz").status_code == 200
            assert time.monotonic() - began < 5
            assert b" 408 " in silent.recv(100)


@pytest.mark.parametrize("lines", [("Content-Length: 500",), (CHUNKED,)])
def test_a_client_that_goes_away_is_no_trouble_of_ours(
    web_stack: WebStack, tmp_path: Path, lines: tuple[str, ...]
) -> None:
    with another_web(web_stack, tmp_path) as web:
        body, kind = multipart(file=("plan.pdf", samples.PDF))
        for path, content in ((CHECKOUT, "application/json"), ("/api/files/", kind), (HOOK, "x/y")):
            start = head(web, path, f"Content-Type: {content}", *lines)
            send_raw(web, start, b"ff\r\n" + body[:100], rudely=True)
        time.sleep(1)
        assert web.ask("GET", "/healthz").status_code == 200
        (log,) = tmp_path.rglob("web.log")
        said = log.read_text()
    assert "Traceback" not in said
    assert '"status": 500' not in said
    assert "status=500" not in said


@pytest.mark.parametrize(
    ("lines", "allowed"),
    [
        (("Content-Length: 5", CHUNKED), {400}),
        (("Content-Length: 5", "Content-Length: 7"), {400}),
        (("Transfer-Encoding: gzip, chunked",), {400, 501}),
        (("Transfer-Encoding: chunked, chunked",), {400}),
        (("Transfer-Encoding: xchunked",), {400, 501}),
    ],
)
def test_a_length_that_is_said_in_two_ways_is_refused(
    web_stack: WebStack, http_client: HttpClient, lines: tuple[str, ...], allowed: set[int]
) -> None:
    """Two readings of one request are how requests are smuggled past a proxy."""
    start = head(http_client, CHECKOUT, "Content-Type: application/json", *lines)
    heard = send_raw(http_client, start, b"5\r\nabcde\r\n0\r\n\r\n")
    assert heard is not None
    assert heard.status in allowed


DEEP = b"[" * 100_000


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", DEEP, b'{"email": ' + DEEP, b'{"email": %s}' % (b"9" * 5000),
             b'{"email": "\\ud800@a.gr", "password": "x"}', b'{"email": "a\\u0000@a.gr"}', b"\xff"]
)  # fmt: skip
@pytest.mark.parametrize("chunked", [False, True])
def test_json_that_nobody_can_follow_is_the_clients_fault(
    web_stack: WebStack, http_client: HttpClient, body: bytes, chunked: bool
) -> None:
    for path, host in ((CHECKOUT, "localhost"), (LOGIN, web_stack.acme.host)):
        heard = send(http_client, "POST", path, body, host=host, chunked=chunked, headers=JSON)
        assert heard.status == 400, (path, heard.body[:200])
        assert heard.headers["Content-Type"].endswith("json")
        assert heard.json().get("detail") or heard.json()["errors"], path


def test_an_order_in_chunks_is_stored_as_any_other(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    taken = event()
    body = json.dumps(taken).encode()
    headers = {**JSON, "Stripe-Signature": signature(body, secret_of(web_stack))}
    heard = send(http_client, "POST", HOOK.rstrip("/"), body, chunked=True, headers=headers)
    assert (heard.status, heard.json()["event"]) == (200, taken["id"])
