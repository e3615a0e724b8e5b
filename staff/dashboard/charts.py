"""Bars for a chart, in the units of its drawing; the template only puts them into SVG."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils import timezone
from django.utils.formats import date_format

from billing.webhook_stats import WebhookPoint

WIDTH, HEIGHT, GAP = 600.0, 120.0, 1.0


@dataclass(frozen=True, kw_only=True)
class Bar:
    """One stretch of time: what was accepted, and on top of it what ended in an error."""

    x: float
    width: float
    good_y: float
    good_height: float
    bad_y: float
    bad_height: float
    title: str


@dataclass(frozen=True, kw_only=True)
class Chart:
    """Bars over one another in time, with what the axes say."""

    bars: list[Bar]
    most: int
    first: str
    last: str
    summary: str


@dataclass(frozen=True, kw_only=True)
class Column:
    """What one bar shows."""

    at: datetime
    good: int
    bad: int


def chart(points: Iterable[WebhookPoint], *, step: timedelta, summary: str) -> Chart:
    """Return a chart of webhooks with a bar for each `step`, scaled to its highest bar."""
    columns = _columns(points, step)
    most = max((each.good + each.bad for each in columns), default=0)
    width = WIDTH / max(1, len(columns))
    words = "H:i" if step < timedelta(days=1) else "j M"
    return Chart(
        bars=[_bar(each, place * width, width, most, words) for place, each in enumerate(columns)],
        most=most,
        first=_told(columns[0].at, words) if columns else "",
        last=_told(columns[-1].at, words) if columns else "",
        summary=summary,
    )


def _columns(points: Iterable[WebhookPoint], step: timedelta) -> list[Column]:
    grouped: dict[datetime, tuple[int, int]] = {}
    for point in points:
        at = point.at - (point.at - datetime.min.replace(tzinfo=point.at.tzinfo)) % step
        good, bad = grouped.get(at, (0, 0))
        grouped[at] = good + point.stats.accepted, bad + point.stats.errors
    return [Column(at=at, good=good, bad=bad) for at, (good, bad) in sorted(grouped.items())]


def _bar(column: Column, x: float, width: float, most: int, words: str) -> Bar:
    scale = HEIGHT / most if most else 0.0
    good, bad = round(column.good * scale, 2), round(column.bad * scale, 2)
    return Bar(
        x=round(x, 2),
        width=round(max(0.5, width - GAP), 2),
        good_y=round(HEIGHT - good, 2),
        good_height=good,
        bad_y=round(HEIGHT - good - bad, 2),
        bad_height=bad,
        title=f"{_told(column.at, words)}: {column.good} · {column.bad}",
    )


def _told(moment: datetime, words: str) -> str:
    return date_format(timezone.localtime(moment), words)
