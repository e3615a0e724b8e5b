"""The waits between attempts at a mail."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.conf import settings

from billing import inbox
from public_apps.core.backoff import backoff
from public_apps.core.mail import LONGEST_WAIT, MAX_ATTEMPTS


def test_waits_grow_up_to_a_longest_and_never_fall_together() -> None:
    assert timedelta(seconds=1.5) <= backoff(1, longest=LONGEST_WAIT) <= timedelta(seconds=2)
    assert timedelta(seconds=12) <= backoff(4, longest=LONGEST_WAIT) <= timedelta(seconds=16)
    for attempts in (11, 40, 10**6):
        assert LONGEST_WAIT * 0.75 <= backoff(attempts, longest=LONGEST_WAIT) <= LONGEST_WAIT
    assert len({backoff(5, longest=LONGEST_WAIT) for _ in range(20)}) > 1


@pytest.mark.parametrize(
    ("attempts", "longest"),
    [(MAX_ATTEMPTS, LONGEST_WAIT), (settings.EVENT_MAX_ATTEMPTS, inbox.LONGEST_WAIT)],
    ids=["mails", "events"],
)
def test_a_providers_bad_day_is_outlasted(attempts: int, longest: timedelta) -> None:
    waits = [backoff(number, longest=longest) for number in range(1, attempts)]
    assert sum(waits, timedelta()) > timedelta(hours=36)
    unlucky = [0.75 * min(timedelta(seconds=2 ** min(n, 20)), longest) for n in range(1, attempts)]
    assert sum(unlucky, timedelta()) > timedelta(hours=36)
