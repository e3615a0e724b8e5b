"""A bar chart as plain numbers, for a template to draw as SVG."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

WIDTH, HEIGHT, TOP, BOTTOM = 640, 200, 12, 24
GAP = 0.35  # of a bar's room


@dataclass(frozen=True)
class Bar:
    """One bar, in the picture's own units; `cents` is what it stands for."""

    month: date
    cents: int
    x: float
    y: float
    width: float
    height: float
    middle: float


@dataclass(frozen=True)
class Chart:
    """Bars above and below a line at zero."""

    bars: list[Bar]
    zero: float
    width: int = WIDTH
    height: int = HEIGHT


def of(values: list[tuple[date, int]]) -> Chart:
    """Return a chart of cents by month; the highest and the lowest bar fill the picture."""
    highest = max([0, *(cents for _month, cents in values)])
    lowest = min([0, *(cents for _month, cents in values)])
    room = HEIGHT - TOP - BOTTOM
    scale = room / ((highest - lowest) or 1)
    zero = TOP + highest * scale
    each = WIDTH / max(1, len(values))
    bars = [
        Bar(
            month=month,
            cents=cents,
            x=round(place * each + each * GAP / 2, 1),
            y=round(zero - max(0, cents) * scale, 1),
            width=round(each * (1 - GAP), 1),
            height=round(max(1, abs(cents) * scale), 1),
            middle=round(place * each + each / 2, 1),
        )
        for place, (month, cents) in enumerate(values)
    ]
    return Chart(bars=bars, zero=round(zero, 1))
