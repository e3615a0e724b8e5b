"""A one-time code opens once, whichever of the three steps that are taken it is of."""

from __future__ import annotations

import time

import pytest
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
)

from public_apps.accounts.models import Role, User
from public_apps.tenants.models import Tenant

SECRET = generate_totp_secret()


def code(*, ahead: int = 0) -> str:
    """Return what the app shows so many steps from now."""
    return str(format_hotp_value(hotp_value(SECRET, int(time.time()) // 30 + ahead)))


@pytest.fixture
def app(tenant: Tenant, monkeypatch: pytest.MonkeyPatch) -> TOTP:
    """An app that was enrolled just now, on a clock that stands still."""
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now)
    person = User.objects.create_user("maria@unit.example", role=Role.STAFF)
    return TOTP.activate(person, SECRET)


def test_the_code_that_enrolled_an_app_opens_nothing(app: TOTP) -> None:
    assert not app.validate_code(code())
    assert not app.validate_code(code(ahead=-1))
    assert app.validate_code(code(ahead=1))


def test_a_code_that_was_taken_stays_taken_as_long_as_it_would_be_right(
    app: TOTP, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken, now = code(ahead=1), time.time()
    assert app.validate_code(taken)
    for seconds in (0, 31, 59):
        monkeypatch.setattr(time, "time", lambda seconds=seconds: now + seconds)
        assert not app.validate_code(taken), seconds
    assert app.validate_code(code(ahead=1))


def test_a_wrong_code_takes_nothing(app: TOTP) -> None:
    assert not app.validate_code("000000" if code(ahead=1) != "000000" else "000001")
    assert app.validate_code(code(ahead=1))
