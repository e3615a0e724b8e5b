"""Colleagues at their desks: a browser in the admin, without a screen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import secrets
import struct
import time
from collections.abc import Iterable

import requests
from django.contrib.auth.models import Group, Permission

from public_apps.accounts.models import User
from tests.core.web_stack import HttpClient

PASSWORD = "the-bells-of-anafiotika-7"
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Desk:
    """A browser in the admin, without a screen."""

    def __init__(self, http_client: HttpClient) -> None:
        self.url = http_client.url
        self.session = requests.Session()
        self.session.headers["X-Forwarded-For"] = http_client.address

    def get(self, path: str) -> requests.Response:
        """Open a page."""
        return self.session.get(f"{self.url}/admin/{path}", timeout=120, allow_redirects=False)

    def submit(self, path: str, **answers: object) -> requests.Response:
        """Open a page, fill in its form and press the button; the answer to the POST."""
        return self.submit_form(self.get(path), path, **answers)

    def submit_form(
        self, page: requests.Response, path: str, **answers: object
    ) -> requests.Response:
        """Fill in the form of an open page and press the button."""
        found = TOKEN.search(page.text)
        assert found, f"{page.status_code} {path}"
        return self.session.post(
            f"{self.url}/admin/{path}",
            data={"csrfmiddlewaretoken": found[1], **answers},
            timeout=120,
            allow_redirects=False,
        )

    def sign_in(self, email: str) -> requests.Response:
        """Give the password; the answer leads on."""
        return self.submit("login/", username=email, password=PASSWORD, next="/admin/")


def colleague(**fields: object) -> User:
    """Return somebody new of our staff, without any right."""
    email = f"anna-{secrets.token_hex(4)}@staff.example"
    return User.objects.create_user(email, password=PASSWORD, is_staff=True, **fields)


def signed_in(http_client: HttpClient, person: User) -> Desk:
    """Return the desk of somebody who needs no second factor here."""
    desk = Desk(http_client)
    answer = desk.sign_in(person.email)
    assert answer.status_code == 302, answer.text
    assert answer.headers["Location"] == "/admin/"
    return desk


def staff_member(http_client: HttpClient, may: Iterable[str]) -> tuple[Desk, str]:
    """Return the signed-in desk and the address of a new colleague with these permissions."""
    anna = colleague()
    for name in may:
        app, _dot, codename = name.partition(".")
        anna.user_permissions.add(
            Permission.objects.get(content_type__app_label=app, codename=codename)
        )
    return signed_in(http_client, anna), anna.email


def member_of(http_client: HttpClient, group: str) -> tuple[Desk, User]:
    """Return the signed-in desk of a new colleague in one of the groups, and who that is."""
    anna = colleague()
    anna.groups.add(Group.objects.get(name=group))
    return signed_in(http_client, anna), anna


def code_of(secret: str, *, at: float | None = None) -> str:
    """Return what an authenticator app shows (RFC 6238)."""
    counter = int((at or time.time()) // 30)
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
