"""Staff show once more who they are before a decisive deed; a session that is left alone ends."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)
from django.test import Client
from pytest_django import Settings

from public_apps.accounts.models import User
from public_apps.core.schema_context import in_public
from public_apps.tenants.models import Tenant
from staff import second_factor

WORD = "a long enough word"


class Desk:
    """A colleague's browser, right after the sign-in."""

    def __init__(self, tenant: Tenant) -> None:
        with in_public():
            self.user = User.objects.create_superuser("anna@staff.example", WORD)
        self.deeds = [
            f"/admin/tenants/tenant/{tenant.pk}/{deed}/"
            for deed in ("erase", "impersonate", "link-customer")
        ]
        self.browser = Client(HTTP_HOST="localhost")
        signed_in = self.browser.post(
            "/admin/login/", {"username": self.user.email, "password": WORD}
        )
        assert signed_in.status_code == 302

    def set(self, name: str, ago: float) -> None:
        """Let something of the session be of so many seconds ago."""
        with in_public():
            session = self.browser.session
            session[name] = time.time() - ago
            session.save()

    def statuses(self) -> list[int]:
        """Return what the pages of the deeds answer."""
        return [self.browser.get(path).status_code for path in self.deeds]


@pytest.fixture
def desk(tenant: Tenant, settings: Settings) -> Desk:
    """Whoever has no app is asked for the password."""
    settings.STAFF_MFA_REQUIRED = False
    return Desk(tenant)


def test_a_sign_in_counts_and_then_the_password_is_asked_for(desk: Desk) -> None:
    assert desk.statuses() == [200] * 3
    desk.set(second_factor.SHOWN_AT, 16 * 60 * 60)
    assert desk.statuses() == [302] * 3
    asked = desk.browser.post(desk.deeds[0], {"name": "x"})["Location"]
    assert asked.startswith("/admin/confirm-identity/?next=%2Fadmin%2Ftenants")
    back = {"next": desk.deeds[0]}
    assert desk.browser.post(asked, {"code": "not mine at all", **back}).status_code == 200
    assert desk.statuses() == [302] * 3
    assert desk.browser.post(asked, {"code": WORD, **back})["Location"] == desk.deeds[0]
    assert desk.statuses() == [200] * 3


def test_whoever_has_an_app_is_asked_for_a_code(desk: Desk) -> None:
    secret = generate_totp_secret()
    with in_public():
        session = desk.browser.session
        session[second_factor.STATE] = second_factor.PROVEN
        session[second_factor.SHOWN_AT] = 0
        session.save()
        TOTP.activate(desk.user, secret)
    path = "/admin/confirm-identity/"
    assert desk.browser.post(path, {"code": WORD}).status_code == 200
    code = format_hotp_value(hotp_value(secret, int(time.time()) // 30 + 1))
    assert desk.browser.post(path, {"code": code}).status_code == 302
    assert desk.statuses() == [200] * 3


def test_a_session_that_is_left_alone_ends(desk: Desk) -> None:
    desk.set(second_factor.SEEN_AT, 59 * 60)
    assert desk.browser.get("/admin/").status_code == 200
    assert time.time() - desk.browser.session[second_factor.SEEN_AT] < 60
    desk.set(second_factor.SEEN_AT, 61 * 60)
    left = desk.browser.get("/admin/")
    assert (left.status_code, left["Location"]) == (302, "/admin/login/?next=/admin/")
    assert "_auth_user_id" not in desk.browser.session
