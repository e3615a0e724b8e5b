"""Whose request it is: what a frontend's server hands on counts, what anybody else claims doesn't."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests
from allauth.usersessions.models import UserSession

from public_apps.core.schema_context import inside
from tests.core.web_stack import PASSWORD, HttpClient, WebStack, another_web, create_workspace

NEW, OLD = secrets.token_urlsafe(32), secrets.token_urlsafe(32)
LOGIN = "/_allauth/app/v1/auth/login"
NAMES = "/api/billing/subdomains/acme/"


@pytest.fixture
def web(web_stack: WebStack, tmp_path: Path) -> Iterator[HttpClient]:
    """A web server that knows its frontend by two secrets, for one is being rolled."""
    with another_web(web_stack, tmp_path, FRONTEND_SECRET=f"{NEW},{OLD}") as http_client:
        yield http_client


def handed_on(visitor: str, secret: str = NEW) -> dict[str, str]:
    """Return what a frontend's server adds to a call that it makes for a visitor."""
    return {"X-Frontend-Secret": secret, "X-Visitor-Address": visitor}


def left_of(answer: requests.Response) -> int:
    """Return how many requests an answer says are left."""
    return int(answer.headers["RateLimit"].partition("r=")[2].partition(";")[0])


def test_strangers_at_the_frontend_do_not_shut_the_owner_out(
    web: HttpClient, tmp_path: Path
) -> None:
    workspace = create_workspace()
    seen = []
    for number in range(14):
        body = {"email": workspace.owner, "password": f"wrong-word-{number}"}
        visitor = handed_on("198.51.100.7")
        seen.append(web.ask("POST", LOGIN, host=workspace.host, json=body, headers=visitor))
    assert [answer.status_code for answer in seen] == [400] * 5 + [429] * 9
    assert int(seen[-1].headers["Retry-After"]) > 0
    right = {"email": workspace.owner, "password": PASSWORD}
    home = handed_on("203.0.113.9", OLD)
    let_in = web.ask("POST", LOGIN, host=workspace.host, json=right, headers=home)
    assert let_in.status_code == 200
    with inside(workspace.tenant.schema_name):
        assert [each.ip for each in UserSession.objects.all()] == ["203.0.113.9"]
    (log,) = tmp_path.rglob("web.log")
    assert NEW not in log.read_text()
    assert OLD not in log.read_text()


def test_fourteen_strangers_with_addresses_of_their_own_do_not_either(web: HttpClient) -> None:
    workspace = create_workspace()
    for number in range(14):
        body = {"email": workspace.owner, "password": "wrong-word-12"}
        visitor = handed_on(f"198.51.100.{number}")
        answer = web.ask("POST", LOGIN, host=workspace.host, json=body, headers=visitor)
        assert answer.status_code == 400
    right = {"email": workspace.owner, "password": PASSWORD}
    home = handed_on("203.0.113.9")
    assert web.ask("POST", LOGIN, host=workspace.host, json=right, headers=home).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Visitor-Address": "203.0.113.1"},
        {"X-Visitor-Address": "203.0.113.1", "X-Frontend-Secret": ""},
        {"X-Visitor-Address": "203.0.113.1", "X-Frontend-Secret": NEW[:-1]},
        {"X-Visitor-Address": "203.0.113.1", "X-Frontend-Secret": f"{NEW},{OLD}"},
        {"X-Visitor-Address": "203.0.113.1", "X-Frontend-Secret": "é" * 32},
        {"X-Visitor-Address": "the moon", "X-Frontend-Secret": NEW},
        {"X-Visitor-Address": "", "X-Frontend-Secret": NEW},
    ],
    ids=["no secret", "an empty one", "a shorter one", "the list", "letters", "nowhere", "nothing"],
)
def test_who_cannot_prove_to_be_the_frontend_is_not_believed(
    web: HttpClient, headers: dict[str, str]
) -> None:
    given = {name: value.encode() for name, value in headers.items()}
    first, second = (left_of(web.ask("GET", NAMES, headers=given)) for _ in range(2))
    plain = left_of(web.ask("GET", NAMES))
    assert (second, plain) == (first - 1, first - 2), "all counted for the connection's own address"


def test_without_a_secret_the_header_means_nothing(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    for secret in ("", NEW):
        before = left_of(http_client.ask("GET", NAMES))
        claimed = http_client.ask("GET", NAMES, headers=handed_on("203.0.113.1", secret))
        assert left_of(claimed) == before - 1
