"""One's own account by API: password, address and sessions, each change asked for twice over."""

from __future__ import annotations

import secrets

import pytest
from allauth.account.models import EmailAddress

from public_apps.accounts.models import Role, User
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from tests.accounts.account_api import API, ask, confirm_identity, sign_in
from tests.accounts.letters import deliver, link_in
from tests.core.web_stack import PASSWORD, WebStack
from tests.tenant_api.populated_workspace import Person, PopulatedWorkspace

NEW = "another-courtyard-43"
CONFIRM = "/accounts/confirm-email/"


@pytest.fixture
def person(populated: PopulatedWorkspace) -> Person:
    """Somebody with a password and nothing else."""
    return populated.person(Role.STAFF, "Maria")


def another_device(person: Person) -> Person:
    """Return the same person, signed in somewhere else as well."""
    return Person(person.populated, person.user)


def confirm(populated: PopulatedWorkspace, key: str) -> int:
    """Confirm an address by the API, as whoever got the mail may do without signing in."""
    answer = populated.http_client.ask(
        "POST", f"{API}auth/email/verify", host=populated.workspace.host, json={"key": key}
    )
    return answer.status_code


# --- Password ---------------------------------------------------------------------------------


def test_a_new_password_takes_the_old_one_and_ends_other_sessions(
    web_stack: WebStack, person: Person
) -> None:
    other = another_device(person)
    assert other.get("/api/me/")
    wrong = {"current_password": "wrong-word-12", "new_password": NEW}
    assert ask(person, "POST", "account/password/change", wrong).status_code == 400
    assert ask(person, "POST", "account/password/change", {"new_password": NEW}).status_code == 400
    right = {"current_password": PASSWORD, "new_password": NEW}
    done = ask(person, "POST", "account/password/change", right)
    assert done.status_code == 200, done.text
    assert other.ask("GET", "/api/me/").status_code == 401
    person.token = done.json()["meta"].get("session_token", person.token)
    assert person.ask("GET", "/api/me/").status_code == 200
    assert sign_in(person).status_code == 400
    assert sign_in(person, NEW).status_code == 200
    assert "password of your account was changed" in str(deliver(web_stack, person.user.email)[-1])


# --- Address ----------------------------------------------------------------------------------


def test_a_new_address_counts_once_its_own_mail_says_so(
    web_stack: WebStack, populated: PopulatedWorkspace, person: Person
) -> None:
    old, new = person.user.email, f"maria-{secrets.token_hex(4)}@elsewhere.example"
    assert ask(person, "POST", "account/email", {"email": new}).status_code == 401
    assert confirm_identity(person).status_code == 200
    assert ask(person, "POST", "account/email", {"email": new}).status_code == 200
    assert person.get("/api/me/")["email"] == old
    (letter,) = deliver(web_stack, new)
    key = link_in(letter, populated.workspace.host, CONFIRM)
    host = populated.workspace.host
    for _ in range(2):  # looking spends nothing
        page = populated.http_client.ask("GET", f"{CONFIRM}{key}/", host=host)
        assert page.status_code == 200
        assert new in page.text
    assert person.get("/api/me/")["email"] == old
    assert confirm(populated, key) in {200, 401}
    assert person.get("/api/me/")["email"] == new
    assert confirm(populated, key) == 400, "it works once"
    person.user.email = new
    assert sign_in(person).status_code == 200
    assert f"changed to {new}" in " ".join(str(deliver(web_stack, old)[-1]).split())
    with inside(populated.schema):
        (address,) = EmailAddress.objects.filter(user=person.user)
        assert (address.email, address.verified, address.primary) == (new, True, True)


def test_an_address_confirms_in_its_own_workspace_only(
    web_stack: WebStack,
    populated: PopulatedWorkspace,
    own_populated: PopulatedWorkspace,
    person: Person,
) -> None:
    new = f"maria-{secrets.token_hex(4)}@elsewhere.example"
    confirm_identity(person)
    ask(person, "POST", "account/email", {"email": new})
    key = link_in(deliver(web_stack, new)[0], populated.workspace.host, CONFIRM)
    assert confirm(own_populated, key) == 400
    page = own_populated.http_client.ask(
        "GET", f"{CONFIRM}{key}/", host=own_populated.workspace.host
    )
    assert new not in page.text
    assert confirm(populated, key) in {200, 401}


def test_an_address_that_somebody_took_meanwhile_is_not_given_twice(
    web_stack: WebStack, populated: PopulatedWorkspace, person: Person
) -> None:
    taken = populated.person(Role.STAFF).user.email
    confirm_identity(person)
    answer = ask(person, "POST", "account/email", {"email": taken})
    assert answer.status_code == 200, "nobody finds out by it who is a member"
    assert deliver(web_stack, taken) == []
    new = f"maria-{secrets.token_hex(4)}@elsewhere.example"
    assert ask(person, "POST", "account/email", {"email": new}).status_code == 200
    key = link_in(deliver(web_stack, new)[0], populated.workspace.host, CONFIRM)
    with inside(populated.schema):
        quick = User.objects.create_user(new, PASSWORD, role=Role.RESIDENT)
    confirm(populated, key)
    with inside(populated.schema):
        assert User.objects.get(email=new) == quick
    assert person.get("/api/me/")["email"] == person.user.email


def test_public_knows_the_owners_new_address(
    web_stack: WebStack, own_populated: PopulatedWorkspace
) -> None:
    owner, new = own_populated.owner, f"eleni-{secrets.token_hex(4)}@elsewhere.example"
    confirm_identity(owner)
    ask(owner, "POST", "account/email", {"email": new})
    confirm(
        own_populated, link_in(deliver(web_stack, new)[0], own_populated.workspace.host, CONFIRM)
    )
    assert Tenant.objects.get(schema_name=own_populated.schema).owner_email == new


# --- Sessions ---------------------------------------------------------------------------------


def test_people_see_where_they_are_signed_in_and_end_it(person: Person) -> None:
    other = another_device(person)
    assert other.get("/api/me/")
    sessions = ask(person, "GET", "auth/sessions").json()["data"]
    assert len(sessions) == 2
    (elsewhere,) = (each for each in sessions if not each["is_current"])
    left = ask(person, "DELETE", "auth/sessions", {"sessions": [elsewhere["id"]]})
    assert [each["is_current"] for each in left.json()["data"]] == [True]
    assert other.ask("GET", "/api/me/").status_code == 401
    assert person.ask("GET", "/api/me/").status_code == 200


def test_nobody_ends_anothers_session(populated: PopulatedWorkspace, person: Person) -> None:
    stranger = populated.person(Role.OWNER)
    (theirs,) = ask(person, "GET", "auth/sessions").json()["data"]
    answer = ask(stranger, "DELETE", "auth/sessions", {"sessions": [theirs["id"]]})
    assert answer.status_code == 400
    assert person.ask("GET", "/api/me/").status_code == 200
