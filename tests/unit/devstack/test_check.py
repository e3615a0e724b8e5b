"""How bin/test reads how many tests run at once, and what it asks first."""

from __future__ import annotations

import pytest

from devstack.check import checks, side_by_side


@pytest.mark.parametrize(
    ("typed", "number", "others"),
    [
        (["-n", "3"], 3, []),
        (["-n4", "tests/core", "-k", "mail"], 4, ["tests/core", "-k", "mail"]),
        (
            ["tests/core", "-x", "-p", "no:randomly"],
            None,
            ["tests/core", "-x", "-p", "no:randomly"],
        ),
        (["--no-header", "-q"], None, ["--no-header", "-q"]),
    ],
)
def test_how_many_run_at_once_is_taken_from_what_is_typed(
    typed: list[str], number: int | None, others: list[str]
) -> None:
    assert side_by_side(typed) == (number, others)


def test_what_a_resource_lacks_is_said_before_all_else() -> None:
    assert checks([])[0].name == "resources"
