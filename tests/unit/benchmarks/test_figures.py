"""What a benchmark says of its values."""

from __future__ import annotations

import pytest

from benchmarks.figures import Report, percentile


def test_a_figure_is_the_median_with_the_middle_half_around_it() -> None:
    report = Report()

    report.add("wait", "ms", [9, 1, 5, 3, 100])

    (figure,) = report.figures
    assert (figure.median, figure.low, figure.high, figure.count) == (5, 3, 9, 5)


def test_a_goal_is_judged_by_the_median() -> None:
    report = Report()

    report.add("near", "ms", [1, 2, 90], goal="≤ 10", holds=lambda ms: ms <= 10)
    report.add("far", "ms", [1, 20, 30], goal="≤ 10", holds=lambda ms: ms <= 10)
    report.add("only stated", "ms", [20], goal="≤ 10")

    assert [figure.reached for figure in report.figures] == [True, False, None]


@pytest.mark.parametrize(("share", "value"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_a_percentile_is_the_value_that_this_share_stays_below(share: float, value: int) -> None:
    assert percentile(range(100, 0, -1), share) == value
