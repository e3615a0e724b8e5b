"""Cost against the number of tenants, as SVG with nothing but the standard library."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from html import escape
from pathlib import Path

WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM = 800, 420, 60, 44, 270, 48
COLOURS = ("#1f5fbf", "#c2410c", "#15803d", "#7e22ce", "#b91c1c", "#0e7490", "#a16207", "#475569")
STEPS = (1, 2, 5)  # times powers of ten
Points = Sequence[Sequence[float]]
Lines = Mapping[str, Points]


def write(plots: Mapping[str, Lines], folder: Path) -> None:
    """Write each plot to a file that is named after its title."""
    folder.mkdir(parents=True, exist_ok=True)
    for title, lines in plots.items():
        name = re.sub(r"\W+", "-", title.lower()).strip("-")
        (folder / f"{name}.svg").write_text(svg(title, lines))


def svg(title: str, lines: Lines) -> str:
    """Return a picture with a line for each name, both axes logarithmic."""
    across = _scale([x for points in lines.values() for x, _y in points], LEFT, WIDTH - RIGHT)
    ticks = _ticks([y for points in lines.values() for _x, y in points])
    up = _scale(ticks, HEIGHT - BOTTOM, TOP)
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img"'
            ' font-family="system-ui, sans-serif" font-size="12">'
        ),
        f"<title>{escape(title)}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        f'<text x="{LEFT}" y="24" font-size="15" font-weight="600">{escape(title)}</text>',
        f'<text x="{LEFT}" y="{HEIGHT - 10}">tenants</text>',
    ]
    parts += (
        f'<text x="{across(x):.1f}" y="{HEIGHT - 28}" text-anchor="middle">{x:,.0f}</text>'
        for x in sorted({x for points in lines.values() for x, _y in points})
    )
    for y in ticks:
        at = up(y)
        parts.append(
            f'<line x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{at:.1f}" y2="{at:.1f}" stroke="#ddd"/>'
            f'<text x="{LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{y:g}</text>'
        )
    for number, (name, points) in enumerate(lines.items()):
        colour = COLOURS[number % len(COLOURS)]
        path = " ".join(f"{across(x):.1f},{up(y):.1f}" for x, y in sorted(points, key=_tenants))
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += (
            f'<circle cx="{across(x):.1f}" cy="{up(y):.1f}" r="3" fill="{colour}"/>'
            for x, y in points
        )
        label_at = TOP + 18 * number + 10
        parts.append(
            f'<text x="{WIDTH - RIGHT + 16}" y="{label_at}" fill="{colour}">{escape(name)}</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _tenants(point: Sequence[float]) -> float:
    return point[0]


def _scale(values: Sequence[float], start: float, end: float) -> Callable[[float], float]:
    """Return a function from a value to its place."""
    low, high = math.log10(min(values)), math.log10(max(values))
    span = (high - low) or 1.0

    def place(value: float) -> float:
        return start + (end - start) * (math.log10(value) - low) / span

    return place


def _ticks(values: Sequence[float]) -> list[float]:
    """Return round numbers, from below the least value to above the largest."""
    powers = range(math.floor(math.log10(min(values))), math.ceil(math.log10(max(values))) + 1)
    ticks = [step * 10.0**power for power in powers for step in STEPS]
    first = max(tick for tick in ticks if tick <= min(values))
    last = min(tick for tick in ticks if tick >= max(values))
    return [tick for tick in ticks if first <= tick <= last]
