"""A part that dies while the system serves is started again, with a line that says so."""

from __future__ import annotations

from devstack.supervisor import LONGEST_PAUSE, STEADY_SECONDS, History


def test_a_part_that_keeps_failing_is_not_started_in_a_hot_loop() -> None:
    history = History()
    pauses = [history.failed(lived=1) for _ in range(10)]
    assert pauses[:5] == [0, 1, 2, 4, 8]
    assert pauses[-1] == LONGEST_PAUSE
    assert history.failed(lived=STEADY_SECONDS) == 0
