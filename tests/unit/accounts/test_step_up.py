"""What is decisive takes a password or a code, given within minutes; a sign-in counts."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.account.models import EmailAddress
from django.test import Client

from public_apps.accounts.hashed_sessions import SessionStore
from public_apps.accounts.models import Role, User
from public_apps.core.schema_context import inside
from public_apps.tenants.models import Tenant
from tests.unit.visitors import HOST

WORD = "a long enough word"
KEY = {"name": "door", "role": "staff"}


class Owner:
    """Somebody signed in with the password, by page and by API."""

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        with inside(tenant.schema_name):
            self.user = User.objects.create_user("vera@unit.example", WORD, role=Role.OWNER)
            self.heir = User.objects.create_user("nikos@unit.example", role=Role.MANAGER)
            EmailAddress.objects.create(
                user=self.user, email=self.user.email, verified=True, primary=True
            )
        self.browser = Client(headers={"Host": HOST})
        page = self.browser.post("/accounts/login/", {"login": self.user.email, "password": WORD})
        assert page.status_code == 302
        answer = Client(headers={"Host": HOST}).post(
            "/_allauth/app/v1/auth/login", {"email": self.user.email, "password": WORD},
            "application/json",
        )  # fmt: skip
        self.token = answer.json()["meta"]["session_token"]
        self.program = Client(headers={"Host": HOST, "X-Session-Token": self.token})

    def ask(self, path: str, said: dict[str, Any] | None = None) -> Any:
        """Send something by API."""
        return self.program.post(path, said or {}, "application/json")

    def grow_old(self) -> None:
        """Let both sign-ins be of long ago."""
        with inside(self.tenant.schema_name):
            for key in (self.token, str(self.browser.cookies["session"].value)):
                session = SessionStore(key)
                session[AUTHENTICATION_METHODS_SESSION_KEY] = [
                    {**each, "at": 0} for each in session[AUTHENTICATION_METHODS_SESSION_KEY]
                ]
                session.save()


@pytest.fixture
def owner(tenant: Tenant) -> Owner:
    """An owner who has just signed in."""
    return Owner(tenant)


def test_a_sign_in_counts_for_minutes_and_a_password_renews_it(owner: Owner) -> None:
    assert owner.ask("/api/keys/", KEY).status_code == 201
    owner.grow_old()
    decisive = ["/api/keys/", "/api/exports/", f"/api/members/{owner.heir.pk}/transfer-ownership/"]
    for path in decisive:
        answer = owner.ask(path, KEY)
        assert (answer.status_code, answer.json()["code"]) == (403, "confirm-identity"), path
    assert owner.program.get("/api/keys/").status_code == 200
    again = {"password": WORD}
    assert owner.ask("/_allauth/app/v1/auth/reauthenticate", again).status_code == 200
    assert owner.ask("/api/keys/", KEY).status_code == 201
    assert owner.ask(decisive[2]).status_code == 200


@pytest.mark.parametrize(
    "path", ["/settings/me/keys/", "/settings/export/", "/members/{heir}/transfer-ownership/"]
)
def test_a_page_asks_and_leads_back(owner: Owner, path: str) -> None:
    path = path.format(heir=owner.heir.pk)
    owner.grow_old()
    assert owner.browser.get(path).status_code == 200
    asked = owner.browser.post(path, KEY)
    assert (asked.status_code, asked["Location"]) == (
        302, f"/accounts/reauthenticate/?next={path.replace('/', '%2F')}",
    )  # fmt: skip
    back = owner.browser.post(asked["Location"], {"password": WORD, "next": path})
    assert (back.status_code, back["Location"]) == (302, path)
    answer = owner.browser.post(path, KEY)
    assert "reauthenticate" not in answer.get("Location", "")


def test_an_archive_is_not_fetched_by_who_signed_in_long_ago(owner: Owner) -> None:
    assert owner.browser.get("/settings/export/archive/").status_code == 404
    owner.grow_old()
    assert owner.browser.get("/settings/export/archive/").status_code == 302
