"""The one-time link: looking at it is free, using it works once, and only in time."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests
from pytest_django import Settings

from public_apps.accounts import password_links
from public_apps.accounts.models import User
from public_apps.core.schema_context import inside
from tests.core.web_stack import (
    PASSWORD,
    HttpClient,
    WebStack,
    Workspace,
    create_workspace,
    person_of,
)

RESET = "/_allauth/app/v1/auth/password/reset"


@pytest.fixture
def newcomer(web_stack: WebStack) -> Workspace:
    """A workspace whose owner has not set a password yet."""
    return create_workspace(password=None)


def key_of(workspace: Workspace) -> str:
    """Return a key as the welcome mail carries it."""
    with inside(workspace.tenant.schema_name):
        return password_links.new_key(User.objects.get(email=workspace.owner))


def open_link(http_client: HttpClient, workspace: Workspace, key: str) -> requests.Response:
    """Follow the link, as people and mail scanners do."""
    return http_client.ask("GET", f"/accounts/set-password/{key}/", host=workspace.host)


def submit(
    http_client: HttpClient, workspace: Workspace, key: str, password: str
) -> requests.Response:
    """Send the form of the link's page."""
    page = http_client.ask("GET", "/accounts/login/", host=workspace.host)
    csrf = page.cookies["csrf"]
    return http_client.ask(
        "POST",
        f"/accounts/set-password/{key}/",
        host=workspace.host,
        data={"password1": password, "password2": password, "csrfmiddlewaretoken": csrf},
        headers={"Cookie": f"csrf={csrf}"},
    )


def test_before_the_link_is_used_no_password_opens_the_door(
    newcomer: Workspace, http_client: HttpClient
) -> None:
    assert not person_of(newcomer).has_usable_password()
    for guess in ("", "!", person_of(newcomer).password, PASSWORD):
        assert http_client.sign_in(newcomer, guess).status_code == 400


def test_following_the_link_spends_nothing(newcomer: Workspace, http_client: HttpClient) -> None:
    key = key_of(newcomer)
    for method in ("GET", "HEAD", "GET"):
        path = f"/accounts/set-password/{key}/"
        answer = http_client.ask(method, path, host=newcomer.host)
        assert answer.status_code == 200
        assert "no-store" in answer.headers["Cache-Control"]
        assert answer.headers["Referrer-Policy"] == "same-origin"
    assert submit(http_client, newcomer, key, PASSWORD).status_code == 302


def test_the_form_sets_the_password_once(newcomer: Workspace, http_client: HttpClient) -> None:
    key = key_of(newcomer)
    done = submit(http_client, newcomer, key, PASSWORD)
    assert (done.status_code, done.headers["Location"]) == (302, "/accounts/login/")
    assert http_client.sign_in(newcomer).status_code == 200

    assert submit(http_client, newcomer, key, "somebody-elses-word-1").status_code == 410
    assert open_link(http_client, newcomer, key).status_code == 410
    api = http_client.ask(
        "POST", RESET, host=newcomer.host, json={"key": key, "password": "a-third-word-12"}
    )
    assert api.status_code == 400
    assert http_client.sign_in(newcomer).status_code == 200


def test_the_api_sets_the_password_once(newcomer: Workspace, http_client: HttpClient) -> None:
    body = {"key": key_of(newcomer), "password": PASSWORD}
    assert http_client.ask("POST", RESET, host=newcomer.host, json=body).status_code in {200, 401}
    assert http_client.sign_in(newcomer).status_code == 200
    assert http_client.ask("POST", RESET, host=newcomer.host, json=body).status_code == 400
    assert submit(http_client, newcomer, body["key"], "a-third-word-12").status_code == 410


def test_of_two_submissions_at_once_one_wins(newcomer: Workspace, web_stack: WebStack) -> None:
    key = key_of(newcomer)
    words = [f"quick-courtyard-{number}" for number in range(6)]
    with ThreadPoolExecutor(6) as threads:
        answers = list(
            threads.map(lambda word: submit(web_stack.http_client(), newcomer, key, word), words)
        )
    assert sorted(answer.status_code for answer in answers) == [302, *[410] * 5]
    winner = words[[answer.status_code for answer in answers].index(302)]
    assert person_of(newcomer).check_password(winner)


def test_of_two_calls_of_the_api_at_once_one_wins(newcomer: Workspace, web_stack: WebStack) -> None:
    key = key_of(newcomer)
    words = [f"quick-courtyard-{number}" for number in range(6)]

    def call(word: str) -> int:
        body = {"key": key, "password": word}
        return web_stack.http_client().ask("POST", RESET, host=newcomer.host, json=body).status_code

    with ThreadPoolExecutor(6) as threads:
        answers = list(threads.map(call, words))
    won = [word for word, status in zip(words, answers, strict=True) if status in {200, 401}]
    assert len(won) == 1, answers
    assert person_of(newcomer).check_password(won[0])


def test_an_old_link_is_refused(newcomer: Workspace, settings: Settings) -> None:
    key = key_of(newcomer)
    with inside(newcomer.tenant.schema_name):
        assert password_links.user_of(key) is not None
        settings.PASSWORD_RESET_TIMEOUT = 1
        time.sleep(2.1)  # Django counts whole seconds
        assert password_links.user_of(key) is None


@pytest.mark.parametrize(
    "key",
    ["x", "1", "1-", "-", "zzzzzzzzzzzzzzz-x", "1-abc-def", "é-é", "0", "z" * 13 + "-x"],
)
def test_a_made_up_key_is_refused(newcomer: Workspace, http_client: HttpClient, key: str) -> None:
    assert open_link(http_client, newcomer, key).status_code == 410
    assert submit(http_client, newcomer, key, PASSWORD).status_code == 410
    body = {"key": key, "password": PASSWORD}
    assert http_client.ask("POST", RESET, host=newcomer.host, json=body).status_code == 400


def test_no_key_holds_a_nul(newcomer: Workspace, http_client: HttpClient) -> None:
    assert open_link(http_client, newcomer, "1-%00").status_code == 404
    body = {"key": "1-\0", "password": PASSWORD}
    assert http_client.ask("POST", RESET, host=newcomer.host, json=body).status_code == 400


@pytest.mark.parametrize("weak", ["", "short", "1234567890123", "password123", "é" * 5])
def test_a_weak_password_is_refused_and_the_link_lives_on(
    newcomer: Workspace, http_client: HttpClient, weak: str
) -> None:
    key = key_of(newcomer)
    assert submit(http_client, newcomer, key, weak).status_code == 200
    assert not person_of(newcomer).has_usable_password()
    assert submit(http_client, newcomer, key, PASSWORD).status_code == 302


def test_somebody_who_was_let_go_cannot_use_a_link(
    newcomer: Workspace, http_client: HttpClient
) -> None:
    key = key_of(newcomer)
    with inside(newcomer.tenant.schema_name):
        User.objects.filter(email=newcomer.owner).update(is_active=False)
    assert open_link(http_client, newcomer, key).status_code == 410
    assert submit(http_client, newcomer, key, PASSWORD).status_code == 410
    body = {"key": key, "password": PASSWORD}
    http_client.ask("POST", RESET, host=newcomer.host, json=body)
    assert not person_of(newcomer).has_usable_password()


def test_the_form_needs_its_token_against_forgery(
    newcomer: Workspace, http_client: HttpClient
) -> None:
    path = f"/accounts/set-password/{key_of(newcomer)}/"
    body = {"password1": PASSWORD, "password2": PASSWORD}
    assert http_client.ask("POST", path, host=newcomer.host, data=body).status_code == 403
