"""What an address, a form or JSON can carry and no row can hold is refused in words, by field."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory

from public_apps.accounts.models import Role
from public_apps.core import storable_text
from public_apps.core.errors import Problem
from public_apps.tenants.models import Tenant
from tests.unit.visitors import HOST, visitor

PUBLIC = settings.TENANT_BASE_DOMAIN
CHECKOUT = "/api/billing/checkout/"
JSON = "application/json"


def post(path: str, body: str | bytes, *, kind: str = JSON, host: str = PUBLIC) -> Any:
    """Post a body as it stands."""
    return Client().generic("POST", path, body, kind, headers={"host": host})


@pytest.mark.parametrize(
    ("body", "field", "words"),
    [
        (r'{"interval": "\ud800"}', "interval", "character"),
        (r'{"email": "a\u0000@a.gr"}', "email", "character"),
        (r'{"organization": {"a": ["\udfff"]}}', "organization", "character"),
        (r'{"\ud800": 1}', r"\ud800", "character"),
        ('{"plan": 1e999}', "plan", "too large"),
        ('{"plan": NaN}', "plan", "too large"),
        (f'{{"plan": {10**400}}}', "plan", "too large"),
        ('{"plan": ' + "[" * 60 + "]" * 60 + "}", "plan", "too deeply"),
        ("[" * 100_000, "", "too deeply"),
        ('{"plan": ' + '{"a":' * 5_000, "", "too deeply"),
    ],
)
def test_json_that_nothing_can_hold_is_refused_by_field(
    tenant: Tenant, body: str, field: str, words: str
) -> None:
    for path, host in ((CHECKOUT, PUBLIC), ("/api/invitations/preview/", HOST)):
        answer = post(path, body, host=host)
        told = answer.json()
        assert answer.status_code == 400, path
        assert answer["Content-Type"] == "application/problem+json"
        assert told["code"] == "invalid-input"
        assert list(told["errors"]) == [field]
        assert words in told["errors"][field][0]


def test_what_a_member_changes_and_what_signs_in_are_looked_at_the_same_way(tenant: Tenant) -> None:
    member = visitor(Role.STAFF)
    for body in ("[" * 100_000, r'{"first_name": "\ud800"}', r'{"first_name": "a\u0000"}'):
        assert member.patch("/api/me/", body, JSON).status_code == 400
        answer = post("/_allauth/app/v1/auth/login", body, host=HOST)
        assert answer.status_code == 400
        told = answer.json()["errors"][0]
        assert {"message", "code", "param"} == set(told)


def test_what_is_no_json_at_all_is_refused_at_the_sign_in(tenant: Tenant) -> None:
    for body in (b"{", b"\xff", b"{}x"):
        answer = post("/_allauth/app/v1/auth/login", body, host=HOST)
        assert answer.status_code == 400
        assert answer.json()["type"].endswith("/malformed-body")


def test_a_form_a_query_and_a_path_are_looked_at_too(tenant: Tenant) -> None:
    owner = visitor(Role.OWNER)
    form = "application/x-www-form-urlencoded"
    page = post("/", "organization=Elm&idempotency_key=a%00b", kind=form)
    assert page.status_code == 400
    assert page["Content-Type"].startswith("text/html")
    assert "Some fields need another look" in page.content.decode()
    assert "idempotency_key: This text holds a character" in page.content.decode()
    for query in ("search=a%00", "%00=a"):
        answer = owner.get(f"/api/buildings/?{query}")
        assert answer.status_code == 400
        assert answer.json()["code"] == "invalid-input"
    for path in ("/api/buildings/%00/", "/accounts/invitation/a%00/", "/a%00b"):
        assert owner.get(path).status_code == 404


@pytest.mark.parametrize(
    "charset", ["hex", "base64", "rot13", "utf-16", "utf-7", "latin-1", "\\", "x"]
)
def test_another_charset_than_utf_8_is_refused_and_breaks_nothing(charset: str) -> None:
    kind = f"{JSON}; Charset={charset}"
    environ = RequestFactory().generic("POST", "/?a=%C3%A9", "{}").META | {"CONTENT_TYPE": kind}
    storable_text.disarm(environ)
    request = RequestFactory().request(**environ)
    with pytest.raises(Problem) as refused:
        storable_text.check(request)
    assert refused.value.slug == "unsupported-media-type"


@pytest.mark.parametrize("kind", [JSON, f"{JSON}; charset=UTF-8", f'{JSON}; charset="utf8"', ""])
def test_utf_8_is_taken_however_it_is_called(kind: str) -> None:
    environ = RequestFactory().get("/").META | {"CONTENT_TYPE": kind}
    storable_text.disarm(environ)
    assert environ["CONTENT_TYPE"] == kind
    storable_text.check(RequestFactory().request(**environ))


def test_a_cookie_can_carry_no_nul(rf: RequestFactory) -> None:
    environ = {"HTTP_COOKIE": 'session="\\000abcdefgh"; csrf="a\\0\\00000b"'}
    storable_text.disarm(environ)
    assert "\0" not in "".join(rf.request(**environ).COOKIES.values())


def test_what_is_meant_goes_through_as_it_is(rf: RequestFactory) -> None:
    said = {"name": "Ελένη 🏠", "deep": [[[1, 2.5, None, True]]], "number": -(2**62)}
    storable_text.check(rf.post("/api/x/?q=é", json.dumps(said), JSON))
    storable_text.check(rf.post("/api/x/", {"name": "Ελένη\r\n🏠"}))


@pytest.mark.parametrize("key", ["--1", "-", " -a", "-a-b", "-" * 5000, "1-", "zzzzzzzzzzzzz-a"])
def test_a_key_for_a_password_that_is_nobodys_is_refused_as_any_wrong_one(
    tenant: Tenant, key: str
) -> None:
    path = "/_allauth/app/v1/auth/password/reset"
    told = post(path, json.dumps({"key": key, "password": "a-quiet-courtyard-42"}), host=HOST)
    looked_at = Client().get(path, headers={"host": HOST, "x-password-reset-key": key})
    for answer in (told, looked_at):
        assert answer.status_code == 400, answer.content
        assert answer.json()["errors"][0]["param"] == "key"
