"""Somebody's own account by allauth's API: what an app does for them."""

from __future__ import annotations

import time
from typing import Any

import requests
from allauth.mfa import app_settings
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value

from tests.core.web_stack import PASSWORD
from tests.tenant_api.populated_workspace import Person

API = "/_allauth/app/v1/"


def ask(person: Person, method: str, path: str, body: Any = None) -> requests.Response:
    """Ask the account API with this person's token."""
    return person.ask(method, f"{API}{path}", json=body)


def confirm_identity(person: Person, password: str = PASSWORD) -> requests.Response:
    """Give the password once more, as sensitive changes want."""
    return ask(person, "POST", "auth/reauthenticate", {"password": password})


def sign_in(person: Person, password: str = PASSWORD) -> requests.Response:
    """Sign in anew, without the token that the person has."""
    return person.populated.http_client.ask(
        "POST",
        f"{API}auth/login",
        host=person.populated.workspace.host,
        json={"email": person.user.email, "password": password},
    )


def give_code(person: Person, code: str, *, session: str) -> requests.Response:
    """Answer a sign-in's question for a one-time code."""
    return person.populated.http_client.ask(
        "POST",
        f"{API}auth/2fa/authenticate",
        host=person.populated.workspace.host,
        json={"code": code},
        headers={"X-Session-Token": session},
    )


def code_of(secret: str, *, ahead: int = 0) -> str:
    """Return what an authenticator app shows for a secret now, or so many steps from now."""
    counter = int(time.time()) // app_settings.TOTP_PERIOD + ahead
    return str(format_hotp_value(hotp_value(secret, counter)))


def enrol(person: Person) -> str:
    """Switch one-time codes on and return the secret."""
    assert confirm_identity(person).status_code == 200
    offered = ask(person, "GET", "account/authenticators/totp")
    assert offered.status_code == 404, offered.text
    secret = str(offered.json()["meta"]["secret"])
    done = ask(person, "POST", "account/authenticators/totp", {"code": code_of(secret)})
    assert done.status_code == 200, done.text
    return secret
