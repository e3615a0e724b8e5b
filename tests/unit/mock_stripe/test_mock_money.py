"""Where periods end at the mock Stripe."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from mock_stripe.periods import period_end


def _moment(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp())


@pytest.mark.parametrize(
    ("anchor", "start", "interval", "count", "end"),
    [
        ("2026-01-31", "2026-01-31", "month", 1, "2026-02-28"),
        ("2026-01-31", "2026-02-28", "month", 1, "2026-03-31"),
        ("2026-12-15", "2026-12-15", "month", 1, "2027-01-15"),
        ("2024-02-29", "2024-02-29", "year", 1, "2025-02-28"),
        ("2024-02-29", "2027-02-28", "year", 1, "2028-02-29"),
        ("2026-11-30", "2026-11-30", "month", 3, "2027-02-28"),
        ("2026-11-30", "2026-11-30", "week", 2, "2026-12-14"),
        ("2026-12-31", "2026-12-31", "day", 1, "2027-01-01"),
    ],
)
def test_periods_end_where_stripe_ends_them(
    anchor: str, start: str, interval: str, count: int, end: str
) -> None:
    recurring = {"interval": interval, "interval_count": count}

    assert period_end(_moment(start), anchor=_moment(anchor), recurring=recurring) == _moment(end)
