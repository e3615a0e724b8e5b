"""What opens B opens nothing of A, and tells as little as what opens nothing at all."""

from __future__ import annotations

import secrets
from collections.abc import Callable

import pytest
import requests
from django.conf import settings
from django.urls import URLPattern, URLResolver, get_resolver

from tests.tenant_api.isolation.twins import Twins, stranger, told, worthless_cookie
from tests.tenant_api.operations import Operation

IN_PUBLIC = {"domains": 0}  # rows of all workspaces stand in one table: no two have one id
# Whoever holds the key of an invitation says so in the body: no other credential counts there.
OPEN = {"invitations_accept", "invitations_preview"}
NOTHING_YET = {"deletion_retrieve"}
KINDS: dict[str, Callable[[Twins], tuple[dict[str, str], dict[str, str]]]] = {
    "token": lambda twins: (_bearer(twins.b.token), _bearer(secrets.token_hex(16))),
    "token in allauth's header": lambda twins: (
        {"X-Session-Token": twins.b.token}, {"X-Session-Token": secrets.token_hex(16)},
    ),
    "API key": lambda twins: (
        _bearer(twins.b.api_key), _bearer(f"nc_{secrets.token_hex(4)}_{secrets.token_urlsafe(32)}"),
    ),
    "session cookie": lambda twins: (
        {"Cookie": twins.cookie, **_csrf(twins.cookie)}, {"Cookie": worthless_cookie()},
    ),
    "session cookie's value as a token": lambda twins: (
        _bearer(_value(twins.cookie, settings.SESSION_COOKIE_NAME)), _bearer(secrets.token_hex(16)),
    ),
}  # fmt: skip


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


def _value(cookie: str, name: str) -> str:
    return dict(each.split("=", 1) for each in cookie.split("; "))[name]


def _csrf(cookie: str) -> dict[str, str]:
    return {"X-CSRFToken": _value(cookie, settings.CSRF_COOKIE_NAME)}


def _ask(
    twins: Twins, operation: Operation, headers: dict[str, str], *, host: str = ""
) -> requests.Response:
    """Ask A for what it really has, by an example that its owner could send."""
    return stranger(twins.door).ask(
        operation.method, operation.path(twins.a.lot), host=host or twins.a.host, headers=headers,
        **operation.content(twins.a, twins.a.lot),
    )  # fmt: skip


def test_the_twins_have_the_same_ids_and_each_operation_an_example(twins: Twins) -> None:
    numbers = [
        {name: row for name, row in estate.lot.ids.items() if isinstance(row, int)} | IN_PUBLIC
        for estate in (twins.a, twins.b)
    ]
    assert numbers[0] == numbers[1]
    assert len(numbers[0]) > 20
    lacking = set()
    for operation in twins.operations:
        try:
            operation.path(twins.a.lot)
            operation.content(twins.a, twins.a.lot)
        except KeyError as lack:
            lacking.add(f"{operation.name} ({lack})")
    assert lacking == set(), "estate.py furnishes these rows, operations.py knows these bodies"
    assert len(twins.operations) > 80


def test_what_is_asked_here_is_there_for_its_owner(twins: Twins) -> None:
    """Or every refusal below could come from asking for what is not there."""
    own = _bearer(twins.a.token)
    for operation in (each for each in twins.operations if each.method == "GET"):
        answer = _ask(twins, operation, own)
        status = 404 if operation.name in NOTHING_YET else 200
        assert answer.status_code == status, (operation, answer.text)
        assert twins.b.mark not in answer.text


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("by_header", [False, True], ids=["at its host", "by X-Tenant-Host"])
def test_no_operation_takes_a_neighbours(twins: Twins, kind: str, by_header: bool) -> None:
    theirs, worthless = KINDS[kind](twins)
    way = {"X-Tenant-Host": twins.a.host} if by_header else {}
    host = "localhost" if by_header else twins.a.host
    with twins.untouched():
        for operation in (each for each in twins.operations if each.name not in OPEN):
            answer = _ask(twins, operation, {**theirs, **way}, host=host)
            assert answer.status_code == 401, (operation, answer.text)
            assert told(answer) == told(_ask(twins, operation, {**worthless, **way}, host=host))
            assert twins.b.mark not in answer.text.lower()


def test_a_workspaces_own_host_minds_no_header_that_names_another(twins: Twins) -> None:
    way = {**_bearer(twins.b.token), "X-Tenant-Host": twins.b.host}
    with twins.untouched():
        for operation in (each for each in twins.operations if each.name not in OPEN):
            assert _ask(twins, operation, way).status_code == 401, operation


def test_a_public_host_has_none_of_it_for_anybody(twins: Twins) -> None:
    with twins.untouched():
        for operation in twins.operations:
            answer = _ask(twins, operation, _bearer(twins.b.token), host="localhost")
            assert answer.status_code == 404, operation
            assert twins.b.mark not in answer.text.lower()


def test_who_may_do_everything_here_may_do_nothing_at_an_unknown_host(twins: Twins) -> None:
    nowhere = f"nowhere.{twins.a.host.partition('.')[2]}"
    for operation in twins.operations:
        way = {**_bearer(twins.a.token), "X-Tenant-Host": nowhere}
        assert _ask(twins, operation, way, host="localhost").status_code == 404, operation


def _routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> list[str]:
    found = []
    for pattern in patterns:
        route = f"{prefix}{pattern.pattern}"
        if isinstance(pattern, URLResolver):
            found += _routes(pattern.url_patterns, route)
        else:
            found.append(route)
    return found


def _doors(twins: Twins, prefix: str = "") -> list[str]:
    """Return the addresses of the tenant's URL conf under a prefix, with ids that A really has."""
    every = _routes(get_resolver("config.urls_tenant").url_patterns)
    return [_filled(each, twins) for each in every if each.startswith(prefix)]


def _filled(route: str, twins: Twins) -> str:
    def word(said: str) -> str:
        if "<uuid" in said:
            return str(twins.a.lot["work"])
        return "1" if "<" in said or "(" in said else said

    return "/" + "/".join(word(said) for said in route.strip("^$").split("/"))


def test_no_page_knows_a_neighbours_cookie(twins: Twins) -> None:
    pages = [each for each in _doors(twins) if not each.startswith(("/api/", "/_allauth/"))]
    assert len(pages) > 20
    their_cookie = twins.cookie
    with twins.untouched():
        for page in pages:
            theirs = stranger(twins.door).ask(
                "GET", page, host=twins.a.host, headers={"Cookie": their_cookie}
            )
            nobodys = stranger(twins.door).ask(
                "GET", page, host=twins.a.host, headers={"Cookie": worthless_cookie()}
            )
            assert theirs.status_code == nobodys.status_code, page
            assert theirs.headers.get("Location") == nobodys.headers.get("Location"), page
            assert twins.b.mark not in theirs.text.lower(), page


@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_no_call_of_the_sign_in_knows_a_neighbours_token(twins: Twins, method: str) -> None:
    calls = _doors(twins, "_allauth/app/")
    assert len(calls) > 10
    with twins.untouched():
        for call in calls:
            said = {
                token: stranger(twins.door).ask(
                    method, call, host=twins.a.host, headers={"X-Session-Token": token}, json={}
                )
                for token in (twins.b.token, secrets.token_hex(16))
            }
            theirs, nobodys = said.values()
            assert theirs.status_code == nobodys.status_code, call
            assert theirs.status_code >= 400 or "user" not in theirs.json().get("data", {}), call
            assert twins.b.mark not in theirs.text.lower(), call
