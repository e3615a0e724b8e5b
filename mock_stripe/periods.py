"""Billing periods as Stripe counts them: from an anchor, with short months cut at their end."""

from __future__ import annotations

import calendar
from datetime import UTC, datetime, timedelta

from mock_stripe.table import Document


def period_end(start: int, *, anchor: int, recurring: Document) -> int:
    """Return when the period that begins at `start` ends; all in Unix seconds.

    A subscription anchored on the 31st renews on the 30th of a short month and again on the 31st
    after, so the day is the anchor's rather than the last period's.
    """
    interval, count = recurring["interval"], recurring["interval_count"]
    begin = datetime.fromtimestamp(start, UTC)
    if interval in {"day", "week"}:
        days = count * (7 if interval == "week" else 1)
        return int((begin + timedelta(days=days)).timestamp())
    months = begin.month - 1 + count * (12 if interval == "year" else 1)
    year, month = begin.year + months // 12, months % 12 + 1
    day = min(datetime.fromtimestamp(anchor, UTC).day, calendar.monthrange(year, month)[1])
    return int(begin.replace(year=year, month=month, day=day).timestamp())


def next_period_end(subscription: Document, item: Document) -> int:
    """Return when the period after an item's current one ends."""
    return period_end(
        item["current_period_end"],
        anchor=subscription["billing_cycle_anchor"],
        recurring=item["price"]["recurring"],
    )
