"""When a change to a smaller plan is made: one of three words, and no other starts."""

from __future__ import annotations

import pytest

from config import env

WORDS = ("choice", "now", "period_end")


@pytest.mark.parametrize(
    ("given", "word"), [({}, "choice"), ({"DOWNGRADES": "Period_End"}, "period_end")]
)
def test_the_word_is_as_the_settings_say(given: dict[str, str], word: str) -> None:
    assert env.one_of(env.load(given), "DOWNGRADES", *WORDS) == word


def test_another_word_stops_the_start_with_its_name() -> None:
    with pytest.raises(
        env.UnsafeSetting, match=r"DOWNGRADES is 'later': .*choice, now, period_end"
    ):
        env.one_of(env.load({"DOWNGRADES": "later"}), "DOWNGRADES", *WORDS)
