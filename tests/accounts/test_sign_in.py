"""Signing in: for members only, at a measured pace, and telling strangers nothing."""

from __future__ import annotations

import re
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest
import requests

from devstack import mailbox
from public_apps.accounts import password_links, password_reset
from public_apps.accounts.models import User
from public_apps.core import mail
from public_apps.core.models import OutgoingMail
from public_apps.core.schema_context import inside
from tests.core.web_stack import (
    PASSWORD,
    HttpClient,
    WebStack,
    Workspace,
    create_workspace,
    person_of,
)

LOGIN = "/_allauth/app/v1/auth/login"
RESET = "/_allauth/app/v1/auth/password/reset"
FORGOT = "/_allauth/app/v1/auth/password/request"
SIGN_UP = "/_allauth/app/v1/auth/signup"
EVIL = [
    "https://evil.example/", "//evil.example/", "/\\evil.example", "http:evil.example",
    "///evil.example", "javascript:alert(1)", "https:/evil.example", "\thttps://evil.example",
]  # fmt: skip
# What differs from one answer to the next by its nature, and says nothing of accounts.
NATURAL = {"Date", "X-Request-ID", "Set-Cookie", "Expires", "Content-Length", "RateLimit"}


def post_form(
    http_client: HttpClient, workspace: Workspace, path: str, data: dict[str, str]
) -> requests.Response:
    """Fill in a form of the workspace's pages and send it."""
    host = workspace.host
    page = http_client.ask("GET", "/accounts/login/", host=host)
    csrf = page.cookies["csrf"]
    sent = {**data, "csrfmiddlewaretoken": csrf}
    return http_client.ask("POST", path, host=host, data=sent, headers={"Cookie": f"csrf={csrf}"})


def sign_in_by_page(
    http_client: HttpClient, workspace: Workspace, password: str = PASSWORD, **more: str
) -> requests.Response:
    """Sign in as a person does."""
    data = {"login": workspace.owner, "password": password, **more}
    return post_form(http_client, workspace, "/accounts/login/", data)


def shown(answer: requests.Response, *typed: str) -> tuple[int, dict[str, str], str]:
    """Return what an answer tells: status, headers and text without what was typed or is random."""
    text = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"', "", answer.text)
    for word in typed:
        text = text.replace(word, "TYPED")
    headers = {name: value for name, value in answer.headers.items() if name not in NATURAL}
    return answer.status_code, headers, text


def people(workspace: Workspace) -> int:
    """Return how many people a workspace has."""
    with inside(workspace.tenant.schema_name):
        return User.objects.count()


# --- Members only -----------------------------------------------------------------------------


def test_nobody_signs_up_by_themselves(web_stack: WebStack, http_client: HttpClient) -> None:
    before = people(web_stack.acme)
    email = f"{secrets.token_hex(4)}@example.org"
    body = {"email": email, "password": PASSWORD}
    api = http_client.ask("POST", SIGN_UP, host=web_stack.acme.host, json=body)
    assert api.status_code == 403
    form = {"email": email, "password1": PASSWORD, "password2": PASSWORD}
    page = post_form(http_client, web_stack.acme, "/accounts/signup/", form)
    assert page.status_code in {200, 403}
    assert people(web_stack.acme) == before
    with inside("public"):
        assert not User.objects.filter(email=email).exists()


def test_somebody_who_was_let_go_stays_outside(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    token = {"X-Session-Token": http_client.token(workspace)}
    with inside(workspace.tenant.schema_name):
        User.objects.update(is_active=False)
    me = http_client.ask("GET", "/api/me/", host=workspace.host, headers=token)
    assert me.status_code == 401, "the token that they still hold"
    assert http_client.sign_in(workspace).status_code != 200
    page = sign_in_by_page(http_client, workspace)
    cookies = {"Cookie": f"session={page.cookies.get('session', '')}"}
    home = http_client.ask("GET", "/", host=workspace.host, headers=cookies)
    assert home.status_code == 302


def test_signing_out_takes_a_post(web_stack: WebStack, http_client: HttpClient) -> None:
    """A link or an image on a page elsewhere must not sign anybody out."""
    session = sign_in_by_page(http_client, web_stack.acme).cookies["session"]
    cookie = {"Cookie": f"session={session}"}
    http_client.ask("GET", "/accounts/logout/", host=web_stack.acme.host, headers=cookie)
    assert http_client.ask("GET", "/", host=web_stack.acme.host, headers=cookie).status_code == 200


def test_the_session_cookie_is_out_of_reach_of_scripts_and_other_sites(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    cookie = sign_in_by_page(http_client, web_stack.acme).headers["Set-Cookie"]
    session = next(part for part in re.split(r", (?=\w+=)", cookie) if part.startswith("session="))
    assert "HttpOnly" in session
    assert "SameSite=Lax" in session
    assert "Domain" not in session


# --- Strangers learn nothing ------------------------------------------------------------------


def test_a_wrong_password_looks_like_an_unknown_address(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    known, unknown = web_stack.acme.owner, f"{secrets.token_hex(4)}@example.org"
    host = web_stack.acme.host
    by_api = [
        http_client.ask(
            "POST", LOGIN, host=host, json={"email": address, "password": "wrong-word-12"}
        )
        for address in (known, unknown)
    ]
    assert shown(by_api[0], known) == shown(by_api[1], unknown)
    assert by_api[0].status_code == 400
    by_page = [
        post_form(
            http_client,
            web_stack.acme,
            "/accounts/login/",
            {"login": address, "password": "wrong-word-12"},
        )
        for address in (known, unknown)
    ]
    assert shown(by_page[0], known) == shown(by_page[1], unknown)


def test_asking_for_a_reset_looks_the_same_for_an_unknown_address(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    known, unknown = workspace.owner, f"{secrets.token_hex(4)}@example.org"
    by_api = [
        http_client.ask("POST", FORGOT, host=workspace.host, json={"email": address})
        for address in (known, unknown)
    ]
    assert shown(by_api[0], known) == shown(by_api[1], unknown)
    assert by_api[1].status_code == 200
    by_page = [
        post_form(
            web_stack.http_client(), workspace, "/accounts/password/reset/", {"email": address}
        )
        for address in (known, unknown)
    ]
    assert shown(by_page[0], known) == shown(by_page[1], unknown)
    assert by_page[1].status_code == 302


def test_a_mail_server_that_is_away_does_not_tell_them_apart_either(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    known, unknown = workspace.owner, f"{secrets.token_hex(4)}@example.org"
    web_stack.stack.stop_part("mail")
    try:
        by_api = [
            http_client.ask("POST", FORGOT, host=workspace.host, json={"email": address})
            for address in (known, unknown)
        ]
        by_page = [
            post_form(
                web_stack.http_client(), workspace, "/accounts/password/reset/", {"email": address}
            )
            for address in (known, unknown)
        ]
    finally:
        web_stack.stack.start_part("mail")
    assert shown(by_api[0], known) == shown(by_api[1], unknown)
    assert shown(by_page[0], known) == shown(by_page[1], unknown)


def test_a_reset_leads_by_mail_to_a_new_password(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    for address in (workspace.owner, "nobody@example.org"):
        http_client.ask("POST", FORGOT, host=workspace.host, json={"email": address})
    (promised,) = OutgoingMail.objects.waiting().filter(kind=password_reset.KIND)
    assert promised.to == workspace.owner
    mail.send(mail_id=promised.pk)
    (sent,) = mailbox.mails_to(workspace.owner, folder=web_stack.stack.mail_dir)
    html = sent.get_body(("html",))
    assert html is not None
    link = re.search(
        rf"http://{workspace.host}:\d+(/accounts/set-password/[^/\s]+/)", html.get_content()
    )
    assert link
    assert link[0] in mailbox.plain_text(sent)
    new = {"password1": "a-new-courtyard-77", "password2": "a-new-courtyard-77"}
    assert post_form(http_client, workspace, link[1], new).status_code == 302
    assert http_client.sign_in(workspace, "a-new-courtyard-77").status_code == 200
    assert http_client.sign_in(workspace, PASSWORD).status_code == 400


def test_who_was_let_go_meanwhile_gets_no_link(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    http_client.ask("POST", FORGOT, host=workspace.host, json={"email": workspace.owner})
    with inside(workspace.tenant.schema_name):
        User.objects.update(is_active=False)
    (promised,) = OutgoingMail.objects.waiting().filter(kind=password_reset.KIND)
    mail.send(mail_id=promised.pk)
    assert mailbox.mails_to(workspace.owner, folder=web_stack.stack.mail_dir) == []


@pytest.mark.parametrize("odd", ["", "x", "a@b", "é@é.gr", "a" * 300 + "@example.org", "a@b.c\0"])
def test_an_odd_address_is_never_a_500(
    web_stack: WebStack, http_client: HttpClient, odd: str
) -> None:
    for path, body in ((LOGIN, {"email": odd, "password": "x"}), (FORGOT, {"email": odd})):
        answer = http_client.ask("POST", path, host=web_stack.acme.host, json=body)
        assert answer.status_code < 500, path


@pytest.mark.parametrize("body", [b"[]", b"null", b'"x"', b"{", b"\xff", b'{"email": [1]}'])
def test_an_odd_body_is_never_a_500(
    web_stack: WebStack, http_client: HttpClient, body: bytes
) -> None:
    for path in (LOGIN, FORGOT, SIGN_UP, "/_allauth/app/v1/auth/password/reset"):
        headers = {"Content-Type": "application/json"}
        answer = http_client.ask("POST", path, host=web_stack.acme.host, data=body, headers=headers)
        assert 400 <= answer.status_code < 500, path


# --- At a measured pace -----------------------------------------------------------------------


def is_throttled(answer: requests.Response, *, within: int) -> None:
    """Check that a program is told to wait, in a way that no wrong password is."""
    assert answer.status_code == 429, answer.text
    assert 0 < int(answer.headers["Retry-After"]) <= within
    assert answer.headers["Content-Type"] == "application/problem+json"
    told = answer.json()
    assert told["type"].endswith("/too-many-requests")
    assert (told["status"], told["errors"][0]["code"]) == (429, "too_many_requests")
    assert told["title"]
    assert told["detail"] == told["errors"][0]["message"]


def test_strangers_who_guess_are_slowed_down_and_the_owner_is_not_shut_out(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    seen = [http_client.sign_in(workspace, "wrong-word-12") for _ in range(6)]
    assert [answer.status_code for answer in seen] == [400] * 5 + [429]
    is_throttled(seen[-1], within=300)
    is_throttled(
        http_client.sign_in(workspace), within=300
    )  # even with the right password, for a while
    for _ in range(9):
        assert web_stack.http_client().sign_in(workspace, "wrong-word-12").status_code == 400
    assert web_stack.http_client().sign_in(workspace).status_code == 200, (
        "the owner, from an address of hers"
    )


def test_one_account_is_guarded_against_very_many_clients(web_stack: WebStack) -> None:
    workspace = create_workspace()
    home = web_stack.http_client()
    assert home.sign_in(workspace).status_code == 200
    for _ in range(100):
        assert web_stack.http_client().sign_in(workspace, "wrong-word-12").status_code == 400
    is_throttled(web_stack.http_client().sign_in(workspace), within=3600)
    assert home.sign_in(workspace).status_code == 200, "where she is signed in, she is known"
    assert web_stack.http_client().sign_in(web_stack.acme).status_code == 200, (
        "nobody else is held up"
    )


def test_an_unknown_account_is_throttled_like_a_known_one(web_stack: WebStack) -> None:
    workspace = create_workspace()
    ghost = Workspace(workspace.tenant, workspace.host, "ghost@example.org")
    answers = {}
    for each in (workspace, ghost):
        http_client = web_stack.http_client()
        answers[each.owner] = [http_client.sign_in(each, "wrong-word-12") for _ in range(8)]
    known, unknown = answers.values()
    for one, other in zip(known, unknown, strict=True):
        # How many seconds are left is told by the clock alone.
        waits = [f"in {each.headers.pop('Retry-After', '')} seconds" for each in (one, other)]
        assert shown(one, workspace.owner, waits[0]) == shown(other, ghost.owner, waits[1])
    assert (known[0].status_code, known[-1].status_code) == (400, 429)


def test_a_page_that_is_tried_too_often_says_so(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    answers = [sign_in_by_page(http_client, workspace, "wrong-word-12") for _ in range(6)]
    assert [answer.status_code for answer in answers] == [200] * 5 + [429]
    assert "Too many requests" in answers[-1].text
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 300


def test_many_tries_at_once_are_counted_one_by_one(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    workspace = create_workspace()
    with ThreadPoolExecutor(8) as threads:
        tries = [threads.submit(http_client.sign_in, workspace, "wrong-word-12") for _ in range(8)]
    assert sorted(each.result().status_code for each in tries) == [400] * 5 + [429] * 3


def test_a_reset_by_mail_begins_anew(web_stack: WebStack, http_client: HttpClient) -> None:
    workspace = create_workspace()
    for _ in range(6):
        http_client.sign_in(workspace, "wrong-word-12")
    with inside(workspace.tenant.schema_name):
        key = password_links.new_key(person_of(workspace))
    new = {"key": key, "password": "a-new-courtyard-77"}
    http_client.ask("POST", RESET, host=workspace.host, json=new)
    assert http_client.sign_in(workspace, "a-new-courtyard-77").status_code == 200


@pytest.mark.parametrize("forged", [False, True])
def test_one_client_cannot_try_many_accounts(
    web_stack: WebStack, http_client: HttpClient, forged: bool
) -> None:
    """The proxy's own word counts: what a client writes before it into X-Forwarded-For doesn't."""
    workspace = create_workspace()
    seen = []
    for number in range(14):
        body = {"email": f"guess-{number}@example.org", "password": "wrong-word-12"}
        claimed = f"10.0.0.{number}, {http_client.address}" if forged else http_client.address
        headers = {"X-Forwarded-For": claimed}
        seen.append(http_client.ask("POST", LOGIN, host=workspace.host, json=body, headers=headers))
    assert [answer.status_code for answer in seen] == [400] * 10 + [429] * 4
    is_throttled(seen[-1], within=61)
    is_throttled(http_client.sign_in(workspace), within=61)
    assert web_stack.http_client().sign_in(workspace).status_code == 200


def test_staff_are_throttled_at_the_admin_too(web_stack: WebStack) -> None:
    email = f"staff-{secrets.token_hex(4)}@newconcierge.example"
    User.objects.create_superuser(email, PASSWORD)

    def try_admin(password: str, http_client: HttpClient) -> requests.Response:
        page = http_client.ask("GET", "/admin/login/")
        csrf = page.cookies["csrf"]
        data = {"username": email, "password": password, "csrfmiddlewaretoken": csrf}
        return http_client.ask(
            "POST", "/admin/login/?next=/admin/", data=data, headers={"Cookie": f"csrf={csrf}"}
        )

    http_client = web_stack.http_client()
    assert try_admin(PASSWORD, http_client).status_code == 302
    for _ in range(5):
        assert try_admin("wrong-word-12", http_client).status_code == 200
    refused = try_admin(PASSWORD, http_client)
    assert refused.status_code == 429
    assert "Too many requests" in refused.text
    assert 0 < int(refused.headers["Retry-After"]) <= 300
    assert try_admin(PASSWORD, web_stack.http_client()).status_code == 302, "from elsewhere"


# --- Nobody is led astray ---------------------------------------------------------------------


@pytest.mark.parametrize("evil", EVIL)
def test_signing_in_never_leads_to_another_site(
    web_stack: WebStack, http_client: HttpClient, evil: str
) -> None:
    answer = sign_in_by_page(http_client, web_stack.acme, next=evil)
    assert answer.status_code == 302
    assert answer.headers["Location"] == "/"


def test_signing_in_leads_on_within_the_workspace(
    web_stack: WebStack, http_client: HttpClient
) -> None:
    answer = sign_in_by_page(http_client, web_stack.acme, next="/billing/?page=2")
    assert answer.headers["Location"] == "/billing/?page=2"


@pytest.mark.parametrize("evil", EVIL)
def test_changing_the_language_never_leads_to_another_site(
    web_stack: WebStack, http_client: HttpClient, evil: str
) -> None:
    data = {"language": "el", "next": evil}
    answer = post_form(http_client, web_stack.acme, "/i18n/setlang/", data)
    assert answer.headers["Location"] == "/"
