"""One-time codes by API: switched on and off after the password, asked for at every sign-in."""

from __future__ import annotations

import pytest
from allauth.mfa.models import Authenticator

from public_apps.accounts.models import Role
from public_apps.core.schema_context import inside
from tests.accounts.account_api import ask, code_of, confirm_identity, enrol, give_code, sign_in
from tests.accounts.letters import deliver
from tests.core.web_stack import WebStack
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace


@pytest.fixture
def person(populated: PopulatedWorkspace) -> Person:
    """Somebody with a password and nothing else."""
    return populated.person(Role.STAFF, "Maria")


def test_enrolling_takes_the_password_first(person: Person) -> None:
    secret = ask(person, "GET", "account/authenticators/totp").json()["meta"]["secret"]
    answer = ask(person, "POST", "account/authenticators/totp", {"code": code_of(secret)})
    assert answer.status_code == 401, answer.text
    assert "reauthenticate" in str(answer.json()["data"]["flows"])
    assert confirm_identity(person, "wrong-word-12").status_code == 400


def test_a_sign_in_then_takes_a_code(
    web_stack: WebStack, populated: PopulatedWorkspace, person: Person
) -> None:
    secret = enrol(person)
    asked = sign_in(person)
    assert asked.status_code == 401
    pending = asked.json()["meta"]["session_token"]
    assert "mfa_authenticate" in str(asked.json()["data"]["flows"])
    held = {"X-Session-Token": pending}
    me = populated.http_client.ask("GET", "/api/me/", host=populated.workspace.host, headers=held)
    assert me.status_code == 401, "half a sign-in opens nothing"
    assert give_code(person, "000000", session=pending).status_code == 400
    done = give_code(person, code_of(secret, ahead=1), session=pending)
    assert done.status_code == 200, done.text
    person.token = done.json()["meta"]["session_token"]
    assert person.get("/api/me/")["email"] == person.user.email
    assert "one-time codes was switched on" in str(deliver(web_stack, person.user.email)[-1])


def test_a_code_works_once_and_the_one_that_enrolled_has_worked(person: Person) -> None:
    secret = enrol(person)
    pending = sign_in(person).json()["meta"]["session_token"]
    for seen in (code_of(secret), code_of(secret, ahead=-1)):
        assert give_code(person, seen, session=pending).status_code == 400
    code = code_of(secret, ahead=1)
    first, second = (sign_in(person).json()["meta"]["session_token"] for _ in range(2))
    assert give_code(person, code, session=first).status_code == 200
    assert give_code(person, code, session=second).status_code == 400


def test_each_recovery_code_opens_the_door_once(person: Person) -> None:
    enrol(person)
    listed = ask(person, "GET", "account/authenticators/recovery-codes").json()
    codes = listed["data"]["unused_codes"]
    assert len(codes) == 10
    pending = sign_in(person).json()["meta"]["session_token"]
    assert give_code(person, codes[0], session=pending).status_code == 200
    pending = sign_in(person).json()["meta"]["session_token"]
    assert give_code(person, codes[0], session=pending).status_code == 400
    assert give_code(person, codes[1], session=pending).status_code == 200


def test_switching_off_takes_the_password_and_is_told(
    web_stack: WebStack, populated: PopulatedWorkspace, person: Person
) -> None:
    secret = enrol(person)
    pending = sign_in(person).json()["meta"]["session_token"]
    done = give_code(person, code_of(secret, ahead=1), session=pending)
    person.token = done.json()["meta"]["session_token"]
    assert ask(person, "DELETE", "account/authenticators/totp").status_code == 401
    assert confirm_identity(person).status_code == 200
    assert ask(person, "DELETE", "account/authenticators/totp").status_code == 200
    assert sign_in(person).status_code == 200
    assert "one-time codes was switched off" in str(deliver(web_stack, person.user.email)[-1])


def test_guessing_codes_comes_to_an_end(person: Person) -> None:
    enrol(person)
    pending = sign_in(person).json()["meta"]["session_token"]
    answers = [give_code(person, f"{guess:06}", session=pending) for guess in range(8)]
    assert [answer.status_code for answer in answers] == [400] * 5 + [429] * 3, answers[-1].text
    assert answers[-1].json()["type"].endswith("/too-many-requests")
    assert 0 < int(answers[-1].headers["Retry-After"]) <= 300


def test_the_database_holds_no_secret_in_the_clear(
    populated: PopulatedWorkspace, person: Person
) -> None:
    secret = enrol(person)
    with inside(populated.schema):
        rows = Authenticator.objects.filter(user=person.user)
        assert secret not in str(list(rows.values()))
