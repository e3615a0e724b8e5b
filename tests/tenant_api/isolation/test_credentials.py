"""What opens B opens nothing of A, and tells as little as what opens nothing at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
import requests
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from tests.tenant_api.isolation.two_tenants import TwoTenants, stranger, told, worthless_cookie
from tests.tenant_api.operations import Operation

IN_PUBLIC = {"domains": 0}  # rows of all workspaces stand in one table: no two have one id
# Whoever holds the key of an invitation says so in the body: no other credential counts there.
OPEN = {"invitations_accept", "invitations_preview"}
# A deletion that nobody has asked for; links that come from Stripe, which may or may not run beside this
# stack, and knows no invoice of these two.
NOT_200 = {"deletion_retrieve": {404}, "invoice_links": {404, 502}}
KINDS: dict[str, Callable[[TwoTenants], tuple[dict[str, str], dict[str, str]]]] = {
    "token": lambda two_tenants: (_bearer(two_tenants.b.token), _bearer(secrets.token_hex(16))),
    "token in allauth's header": lambda two_tenants: (
        {"X-Session-Token": two_tenants.b.token},
        {"X-Session-Token": secrets.token_hex(16)},
    ),
    "API key": lambda two_tenants: (
        _bearer(two_tenants.b.api_key),
        _bearer(f"nc_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"),
    ),
    "session cookie": lambda two_tenants: (
        {"Cookie": two_tenants.cookie, **_csrf(two_tenants.cookie)},
        {"Cookie": worthless_cookie()},
    ),
    "session cookie's value as a token": lambda two_tenants: (
        _bearer(_value(two_tenants.cookie, settings.SESSION_COOKIE_NAME)),
        _bearer(secrets.token_hex(16)),
    ),
}


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _value(cookie: str, name: str) -> str:
    return dict(each.split("=", 1) for each in cookie.split("; "))[name]


def _csrf(cookie: str) -> dict[str, str]:
    return {"X-CSRFToken": _value(cookie, settings.CSRF_COOKIE_NAME)}


def _ask(
    two_tenants: TwoTenants, operation: Operation, headers: dict[str, str], *, host: str = ""
) -> requests.Response:
    """Ask A for what it really has, by an example that its owner could send."""
    return stranger(two_tenants.http_client).ask(
        operation.method,
        operation.path(two_tenants.a.fixtures),
        host=host or two_tenants.a.host,
        headers=headers,
        **operation.content(two_tenants.a, two_tenants.a.fixtures),
    )


def test_the_twins_have_the_same_ids_and_each_operation_an_example(two_tenants: TwoTenants) -> None:
    numbers = [
        {name: row for name, row in sample_workspace.fixtures.ids.items() if isinstance(row, int)}
        | IN_PUBLIC
        for sample_workspace in (two_tenants.a, two_tenants.b)
    ]
    assert numbers[0] == numbers[1]
    assert len(numbers[0]) > 20
    lacking = set()
    for operation in two_tenants.operations:
        try:
            operation.path(two_tenants.a.fixtures)
            operation.content(two_tenants.a, two_tenants.a.fixtures)
        except KeyError as lack:
            lacking.add(f"{operation.name} ({lack})")
    assert lacking == set(), (
        "sample_workspace.py furnishes these rows, operations.py knows these bodies"
    )
    assert len(two_tenants.operations) > 80


def test_what_is_asked_here_is_there_for_its_owner(two_tenants: TwoTenants) -> None:
    """Or every refusal below could come from asking for what is not there."""
    own = _bearer(two_tenants.a.token)
    for operation in (each for each in two_tenants.operations if each.method == "GET"):
        answer = _ask(two_tenants, operation, own)
        assert answer.status_code in NOT_200.get(operation.name, {200}), (operation, answer.text)
        assert two_tenants.b.mark not in answer.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by_header", [False, True], ids=["at its host", "by X-Tenant-Host"])
def test_no_operation_takes_a_neighbours(
    two_tenants: TwoTenants, kind: str, by_header: bool
) -> None:
    theirs, worthless = KINDS[kind](two_tenants)
    way = {"X-Tenant-Host": two_tenants.a.host} if by_header else {}
    host = "localhost" if by_header else two_tenants.a.host
    with two_tenants.untouched():
        for operation in (each for each in two_tenants.operations if each.name not in OPEN):
            answer = _ask(two_tenants, operation, {**theirs, **way}, host=host)
            assert answer.status_code == 401, (operation, answer.text)
            assert told(answer) == told(
                _ask(two_tenants, operation, {**worthless, **way}, host=host)
            )
            assert two_tenants.b.mark not in answer.text.lower()


def test_a_workspaces_own_host_minds_no_header_that_names_another(two_tenants: TwoTenants) -> None:
    way = {**_bearer(two_tenants.b.token), "X-Tenant-Host": two_tenants.b.host}
    with two_tenants.untouched():
        for operation in (each for each in two_tenants.operations if each.name not in OPEN):
            assert _ask(two_tenants, operation, way).status_code == 401, operation


def test_a_public_host_has_none_of_it_for_anybody(two_tenants: TwoTenants) -> None:
    with two_tenants.untouched():
        for operation in two_tenants.operations:
            answer = _ask(two_tenants, operation, _bearer(two_tenants.b.token), host="localhost")
            assert answer.status_code == 404, operation
            assert two_tenants.b.mark not in answer.text.lower()


def test_who_may_do_everything_here_may_do_nothing_at_an_unknown_host(
    two_tenants: TwoTenants,
) -> None:
    nowhere = f"nowhere.{two_tenants.a.host.partition('.')[2]}"
    for operation in two_tenants.operations:
        way = {**_bearer(two_tenants.a.token), "X-Tenant-Host": nowhere}
        assert _ask(two_tenants, operation, way, host="localhost").status_code == 404, operation


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, route)
        else:
            found.append(route)
    return found


def _doors(two_tenants: TwoTenants, prefix: str = "") -> list[str]:
    """Return the addresses of the tenant's URL conf under a prefix, with ids that A really has."""
    every = _routes(get_resolver("config.urls_tenant").url_patterns)
    return [_filled(each, two_tenants) for each in every if each.startswith(prefix)]


def _filled(route: str, two_tenants: TwoTenants) -> str:
    def word(said: str) -> str:
        if "<uuid" in said:
            return str(two_tenants.a.fixtures["work"])
        return "1" if "<" in said or "(" in said else said

    return "/" + "/".join(word(said) for said in route.strip("^$").split("/"))


def test_no_page_knows_a_neighbours_cookie(two_tenants: TwoTenants) -> None:
    pages = [each for each in _doors(two_tenants) if not each.startswith(("/api/", "/_allauth/"))]
    assert len(pages) > 20
    their_cookie = two_tenants.cookie
    with two_tenants.untouched():
        for page in pages:
            theirs = stranger(two_tenants.http_client).ask(
                "GET", page, host=two_tenants.a.host, headers={"Cookie": their_cookie}
            )
            nobodys = stranger(two_tenants.http_client).ask(
                "GET", page, host=two_tenants.a.host, headers={"Cookie": worthless_cookie()}
            )
            assert theirs.status_code == nobodys.status_code, page
            assert theirs.headers.get("Location") == nobodys.headers.get("Location"), page
            assert two_tenants.b.mark not in theirs.text.lower(), page


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_no_call_of_the_sign_in_knows_a_neighbours_token(
    two_tenants: TwoTenants, method: str
) -> None:
    calls = _doors(two_tenants, "_allauth/app/")
    assert len(calls) > 10
    with two_tenants.untouched():
        for call in calls:
            said = {
                token: stranger(two_tenants.http_client).ask(
                    method,
                    call,
                    host=two_tenants.a.host,
                    headers={"X-Session-Token": token},
                    json={},
                )
                for token in (two_tenants.b.token, secrets.token_hex(16))
            }
            theirs, nobodys = said.values()
            assert theirs.status_code == nobodys.status_code, call
            assert theirs.status_code >= 400 or "user" not in theirs.json().get("data", {}), call
            assert two_tenants.b.mark not in theirs.text.lower(), call
