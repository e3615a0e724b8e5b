"""How long a link to set a password lives."""

from __future__ import annotations

from django.conf import settings


def test_a_link_lives_for_days_and_not_for_weeks() -> None:
    assert 24 * 3600 <= settings.PASSWORD_RESET_TIMEOUT <= 7 * 24 * 3600
