"""What a benchmark says: figures with their unit, spread, peer and goal."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, field
from time import perf_counter
from typing import Any


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One measured thing. `goal` is a sentence; `reached` says whether it held on this machine."""

    name: str
    unit: str
    median: float
    low: float
    high: float
    count: int
    goal: str = ""
    reached: bool | None = None


@dataclass
class Report:
    """All figures of a benchmark, the points of its plots, and what could not be measured.

    `sizes` are the numbers of tenants to measure at.
    """

    sizes: tuple[int, ...] = ()
    figures: list[Figure] = field(default_factory=list)
    plots: dict[str, dict[str, list[tuple[int, float]]]] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)

    def add(
        self,
        name: str,
        unit: str,
        values: Sequence[float],
        *,
        goal: str = "",
        holds: Callable[[float], bool] | None = None,
    ) -> float:
        """Add a figure and return its median; the spread is the middle half of the values.

        `holds` judges the median; without it the goal is stated and not judged.
        """
        median = statistics.median(values)
        low, high = _middle_half(values)
        reached = holds(median) if holds else None
        self.figures.append(
            Figure(
                name=name, unit=unit, median=median, low=low, high=high, count=len(values),
                goal=goal, reached=reached,
            )
        )  # fmt: skip
        return median

    def point(self, plot: str, line: str, tenants: int, value: float) -> None:
        """Add a point to a line of the plot with this title."""
        self.plots.setdefault(plot, {}).setdefault(line, []).append((tenants, value))

    def as_dict(self) -> dict[str, Any]:
        """Return it in a form for JSON."""
        return asdict(self)


def milliseconds(act: Callable[[], object]) -> float:
    """Return how long something takes."""
    begun = perf_counter()
    act()
    return 1000 * (perf_counter() - begun)


def percentile(values: Sequence[float], share: float) -> float:
    """Return the value below which this share of the values lies."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def _middle_half(values: Sequence[float]) -> tuple[float, float]:
    return percentile(values, 0.25), percentile(values, 0.75)
