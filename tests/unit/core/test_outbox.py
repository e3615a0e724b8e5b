"""The waits between attempts at a mail."""

from __future__ import annotations

from datetime import timedelta

from public_apps.core.backoff import backoff
from public_apps.core.mail import LONGEST_WAIT


def test_waits_grow_up_to_a_longest_and_never_fall_together() -> None:
    assert timedelta(seconds=1.5) <= backoff(1, longest=LONGEST_WAIT) <= timedelta(seconds=2)
    assert timedelta(seconds=12) <= backoff(4, longest=LONGEST_WAIT) <= timedelta(seconds=16)
    for attempts in (11, 40, 10**6):
        assert LONGEST_WAIT * 0.75 <= backoff(attempts, longest=LONGEST_WAIT) <= LONGEST_WAIT
    assert len({backoff(5, longest=LONGEST_WAIT) for _ in range(20)}) > 1
