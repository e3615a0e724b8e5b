"""The catalogue of problems holds every problem."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from public_apps.core.errors import Problem
from public_apps.core.problems import CATALOGUE


def kinds_raised(base: type[Problem] = Problem) -> Iterator[type[Problem]]:
    """Yield every problem that the code can raise."""
    yield base
    for below in base.__subclasses__():
        yield from kinds_raised(below)


def test_no_problem_can_be_raised_that_the_catalogue_does_not_know() -> None:
    assert {kind.slug for kind in kinds_raised()} <= set(CATALOGUE)
    with pytest.raises(TypeError, match="nobody-knows"):
        type("Unheard", (Problem,), {"slug": "nobody-knows"})
