"""Days that are paid by hand."""

from __future__ import annotations

from datetime import date

from django.utils import timezone

from billing import manual_mode


def test_a_day_that_is_paid_counts_in_full() -> None:
    assert (
        manual_mode.end_of(date(2026, 12, 31))
        .astimezone(timezone.get_default_timezone())
        .isoformat()[:19]
        == "2027-01-01T00:00:00"
    )
