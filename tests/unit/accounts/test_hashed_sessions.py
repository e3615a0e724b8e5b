"""What the database holds of a session opens nothing; who has its key is signed in."""

from __future__ import annotations

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import connection
from django.test import Client
from psycopg import sql

from public_apps.accounts import sessions
from public_apps.accounts.hashed_sessions import SessionStore, digest_of
from public_apps.accounts.models import Role, User
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from tests.unit.visitors import HOST

WORD = "a long enough word"


@pytest.fixture
def person(tenant: Tenant) -> User:
    """Somebody who can sign in."""
    user = User.objects.create_user("maria@unit.example", WORD, role=Role.OWNER)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def token(person: User) -> str:
    """Sign somebody in by API and return the token."""
    said = {"email": person.email, "password": WORD}
    path = "/_allauth/app/v1/auth/login"
    answer = Client(headers={"Host": HOST}).post(path, said, "application/json")
    return str(answer.json()["meta"]["session_token"])


def me(key: str) -> int:
    """Return what somebody with this token is answered."""
    return Client(headers={"Host": HOST, "X-Session-Token": key}).get("/api/me/").status_code


def kept(table: str) -> set[str]:
    """Return the keys that a table holds, past the ORM."""
    with connection.cursor() as cursor:
        cursor.execute(sql.SQL("SELECT session_key FROM {}").format(sql.Identifier(table)))
        return {key for (key,) in cursor.fetchall()}


def test_the_database_holds_no_key_and_what_it_holds_opens_nothing(
    tenant: Tenant, person: User
) -> None:
    key = token(person)
    assert me(key) == 200
    with inside(tenant.schema_name):
        for table in ("django_session", "usersessions_usersession"):
            assert digest_of(key) in kept(table)
            assert key not in kept(table)
    assert me(digest_of(key)) == 401
    thief = Client(headers={"Host": HOST})
    thief.cookies["session"] = digest_of(key)
    assert thief.get("/settings/me/devices/").status_code == 302


def test_devices_are_known_and_ended_as_before(tenant: Tenant, person: User) -> None:
    browser = Client(headers={"Host": HOST})
    browser.post("/accounts/login/", {"login": person.email, "password": WORD})
    elsewhere = token(person)
    shown = browser.get("/settings/me/devices/").content.decode()
    assert shown.count("this device") == 1
    assert shown.count('name="device"') == 1
    with inside(tenant.schema_name):
        assert len(UserSession.objects.purge_and_list(person)) == 2
        assert sessions.end_all(person, but=browser.cookies["session"].value) == 1
    assert me(elsewhere) == 401
    assert browser.get("/settings/me/devices/").status_code == 200


def test_a_session_is_found_by_its_key_and_by_no_other(tenant: Tenant) -> None:
    store = SessionStore()
    store["word"] = "here"
    store.save()
    key = str(store.session_key)
    assert SessionStore(key)["word"] == "here"
    assert SessionStore.at(digest_of(key))["word"] == "here"
    assert SessionStore(digest_of(key)).session_key is None
    assert Session.objects.filter(pk=key).exists()
    store.delete(key)
    assert not Session.objects.exists()
