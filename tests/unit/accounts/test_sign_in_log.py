"""Owners read who came in, who was refused, and whose password or second factor changed."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.test import Client

from public_apps.accounts import password_links
from public_apps.accounts.models import Role, User
from public_apps.audit.models import Entry
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from tests.unit.visitors import HOST

API = "/_allauth/app/v1/"
WORD = "a long enough word"


@pytest.fixture
def person(tenant: Tenant) -> User:
    """Somebody who can sign in."""
    user = User.objects.create_user("maria@unit.example", WORD, role=Role.STAFF)
    EmailAddress.objects.create(user=user, email=user.email, verified=True, primary=True)
    return user


def ask(path: str, said: dict[str, Any]) -> int:
    """Send something to the account's API and return the status."""
    client = Client(headers={"Host": HOST})
    return client.post(f"{API}{path}", said, "application/json").status_code


def told(tenant: Tenant) -> list[tuple[str, str, str, Any]]:
    """Return what the log tells."""
    with inside(tenant.schema_name):
        rows = Entry.objects.order_by("pk")
        return list(rows.values_list("actor", "action", "target", "detail"))


def test_a_sign_in_and_a_refusal_are_told(tenant: Tenant, person: User) -> None:
    wrong = {"email": "Maria@unit.example", "password": "something else"}
    assert ask("auth/login", wrong) == 400
    assert ask("auth/login", {"email": person.email, "password": WORD}) == 200
    here, mail = {"from": "127.0.0.1"}, person.email
    assert told(tenant) == [
        ("sign-in", "member.sign_in_refused", mail, {"wrong": "password", **here}),
        (mail, "member.signed_in", "", here),
    ]


def test_guesses_at_nobody_fill_no_log(tenant: Tenant, person: User) -> None:
    assert ask("auth/login", {"email": "nobody@unit.example", "password": WORD}) == 400
    assert told(tenant) == []


def test_another_password_is_told(tenant: Tenant, person: User) -> None:
    key = password_links.new_key(person)
    assert ask("auth/password/reset", {"key": key, "password": f"{WORD} anew"}) == 401
    mail = person.email
    assert told(tenant) == [(mail, "member.password_set", mail, {})]
