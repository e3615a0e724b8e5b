"""What tenancy costs a request, from 10 to 3,000 tenants, and what backends remember of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from statistics import median

from benchmarks import weight
from benchmarks.figures import Report, milliseconds
from benchmarks.people import Place, at_random, settle
from benchmarks.world import grow, main, world

BLOCK = 25  # requests of each way in turn: what disturbs one way disturbs the others, too
WITHOUT, ONE, RANDOM = "without tenancy", "one tenant", "random tenants"
EMPTY, EMPTY_WITHOUT = "empty view, one tenant", "empty view, without tenancy"
Blocks = dict[str, list[float]]


def measure(report: Report, quick: bool) -> None:
    """Ask the same views with tenancy and without; then weigh the backends of a web under traffic."""
    first: Blocks | None = None
    with world(settings_here="benchmarks.beside") as stack:
        for size in report.sizes:
            grow(stack, size)
            places = settle(stack)
            blocks = _blocks(places, 4 if quick else 80)
            _tell(report, size, blocks)
            _compare(report, size, blocks, first or blocks)
            first = first or blocks
            weight.measure(report, stack, places, quick=quick)


def _blocks(places: list[Place], count: int) -> Blocks:
    """Return the median of each block in ms, for each way of asking."""
    from benchmarks.views import ask, with_tenancy, without_tenancy

    tenancy, plain = with_tenancy(), without_tenancy()
    choose = at_random(7)
    ways: dict[str, Callable[[], None]] = {
        WITHOUT: partial(ask, plain, "localhost", "/plain/six/"),
        ONE: partial(ask, tenancy, places[0].host, "/six/"),
        RANDOM: lambda: ask(tenancy, choose.choice(places).host, "/six/"),
        EMPTY_WITHOUT: partial(ask, plain, "localhost", "/empty/"),
        EMPTY: partial(ask, tenancy, places[0].host, "/empty/"),
    }
    blocks: Blocks = {name: [] for name in ways}
    for _ in range(count + 1):
        taken: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(BLOCK):
            for name, way in ways.items():
                taken[name].append(milliseconds(way))
        for name, values in taken.items():
            blocks[name].append(median(values))
    # The first one filled caches and opened connections.
    return {name: values[1:] for name, values in blocks.items()}


def _tell(report: Report, size: int, blocks: Blocks) -> None:
    for name in (WITHOUT, ONE, RANDOM):
        value = report.add(f"{size} tenants: six queries, {name}", "ms", blocks[name])
        report.point("A page of six queries, ms", name, size, value)
    report.add(
        f"{size} tenants: tenancy alone, on an empty view", "ms",
        [a - b for a, b in zip(blocks[EMPTY], blocks[EMPTY_WITHOUT], strict=True)],
    )  # fmt: skip


def _compare(report: Report, size: int, blocks: Blocks, first: Blocks) -> None:
    over = _over(blocks, ONE)
    report.add(
        f"{size} tenants: under tenancy over without", "times", over,
        goal="≤ 1.1", holds=lambda times: times <= 1.1,
    )  # fmt: skip
    if blocks is first:
        return
    for name in (ONE, RANDOM):
        # Each over the plain view beside it: a machine that is busier now does not count.
        then = median(_over(first, name))
        report.add(
            f"{size} tenants: p50 over that at {report.sizes[0]}, {name}", "times",
            [value / then for value in _over(blocks, name)],
            goal="within 10 %", holds=lambda times: times <= 1.1,
        )  # fmt: skip


def _over(blocks: Blocks, name: str) -> list[float]:
    return [a / b for a, b in zip(blocks[name], blocks[WITHOUT], strict=True)]


if __name__ == "__main__":
    main(measure)
