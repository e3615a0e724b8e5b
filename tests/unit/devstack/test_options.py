"""What bin/demo understands of what is typed."""

from __future__ import annotations

import re
from argparse import ArgumentTypeError

import pytest

from devstack.options import seconds_of


@pytest.mark.parametrize(
    ("typed", "seconds"),
    [("+31d", 31 * 86_400), ("2h", 7200), ("+1w", 604_800), ("+1m", 2_678_400)],
)
def test_a_stretch_of_time_is_read_as_people_write_it(typed: str, seconds: int) -> None:
    assert seconds_of(typed) == seconds


@pytest.mark.parametrize("typed", ["", "d", "+d", "31", "-3d", "+401d", "+0d", "+٣d", "3 d"])
def test_what_is_no_stretch_of_time_is_refused(typed: str) -> None:
    with pytest.raises(ArgumentTypeError, match=re.escape(repr(typed))):
        seconds_of(typed)
