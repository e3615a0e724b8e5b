"""A common password is refused however many digits and signs stand around it."""

from __future__ import annotations

import time

import pytest
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError

from public_apps.accounts.password_validation import is_disguised

COMMON = [
    "Password123!", "password2026", "P@ssw0rd!!", "Sunshine-2026", "1234dragon1234", "!!monkey!!2025",
    "dragondragon", "iloveyou1234567890", "letmeinletmein", "football000000000000", "Qwertyuiop1",
    "master20261201",
]  # fmt: skip
GOOD = [
    "the-bells-of-anafiotika-7", "correct horse battery", "Ελένη-και-Νίκος-85", "xK9#mP2$vL7q",
    "dragon8391057264938", "monkey-in-the-lift", "9f8e7d6c5b4a", "olive-tree-2026",
]  # fmt: skip


@pytest.mark.parametrize("password", COMMON)
def test_a_common_one_with_something_around_it_is_refused(password: str) -> None:
    assert is_disguised(password)
    with pytest.raises(ValidationError):
        validate_password(password)


@pytest.mark.parametrize("password", GOOD)
def test_others_are_taken(password: str) -> None:
    assert not is_disguised(password)
    validate_password(password)


def test_no_text_of_a_strangers_keeps_a_process_busy() -> None:
    began = time.monotonic()
    for text in ("a" * 100_000, "ab" * 50_000 + "c", "1" * 100_000, "x1" * 63 + "y", ""):
        is_disguised(text)
    assert time.monotonic() - began < 1
