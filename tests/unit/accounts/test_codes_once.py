"""A one-time code counts once, for as long as it would be taken."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest
from allauth.mfa.totp.internal import auth
from django.core.cache import cache
from django.test import override_settings

SECRET, OTHER = "JBSWY3DPEHPK3PXP", "KRSXG5CTMVRXEZLU"
IN_MEMORY = {
    "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "codes"}
}


@pytest.fixture(autouse=True)
def own_cache() -> Iterator[None]:
    """A cache of the test's own, with nothing in it."""
    with override_settings(CACHES=IN_MEMORY):
        cache.clear()
        yield


def code_at(moment: float, secret: str = SECRET) -> str:
    """Return what an app shows at a moment."""
    return str(auth.format_hotp_value(auth.hotp_value(secret, int(moment // 30))))


def test_a_code_counts_once_however_it_is_typed() -> None:
    code = code_at(time.time())
    assert auth.validate_totp_code(SECRET, f"{code[:3]} {code[3:]}")
    assert not auth.validate_totp_code(SECRET, code)


def test_a_code_of_another_app_or_another_half_minute_counts_for_itself() -> None:
    now = time.time()
    assert auth.validate_totp_code(SECRET, code_at(now))
    assert auth.validate_totp_code(SECRET, code_at(now + 30))
    assert auth.validate_totp_code(OTHER, code_at(now, OTHER))


def test_it_is_remembered_for_as_long_as_the_tolerance_takes_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """allauth's own memory is half a minute."""
    now = (time.time() // 30) * 30
    code = code_at(now)
    assert auth.validate_totp_code(SECRET, code)
    monkeypatch.setattr(time, "time", lambda: now + 45)
    assert not auth.validate_totp_code(SECRET, code)


def test_a_wrong_code_uses_nothing_up() -> None:
    assert not auth.validate_totp_code(SECRET, code_at(time.time() - 600))
    assert auth.validate_totp_code(SECRET, code_at(time.time()))
