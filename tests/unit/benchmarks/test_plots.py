"""Pictures of cost against the number of tenants."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from benchmarks import plot
from benchmarks.figures import Report

SVG = "{http://www.w3.org/2000/svg}"


def test_each_plot_is_a_file_named_after_its_title(tmp_path: Path) -> None:
    report = Report()
    for tenants, ms in ((10, 160.0), (1000, 170.0)):
        report.point("Building a tenant, ms", "ours", tenants, ms)
        report.point("A page, ms", "ours & theirs", tenants, ms)

    plot.write(report.plots, tmp_path / "plots")

    written = {path.name for path in (tmp_path / "plots").iterdir()}
    assert written == {"building-a-tenant-ms.svg", "a-page-ms.svg"}


def test_what_costs_more_stands_higher_and_more_tenants_further_right() -> None:
    lines = {"cheap": [(10, 1.0), (1000, 1.1)], "dear": [(10, 40.0), (1000, 90.0)]}

    drawn = _drawn(lines)

    cheap, dear = (
        [tuple(map(float, point.split(","))) for point in line.attrib["points"].split()]
        for line in drawn.iter(f"{SVG}polyline")
    )
    assert cheap[0][0] == dear[0][0] < cheap[1][0] == dear[1][0]
    # SVG counts downwards.
    assert dear[1][1] < dear[0][1] < cheap[1][1] < cheap[0][1]


def test_a_single_point_can_be_drawn() -> None:
    drawn = _drawn({"ours": [(40, 3.3)]})

    assert len(list(drawn.iter(f"{SVG}circle"))) == 1


def _drawn(lines: plot.Lines) -> ElementTree.Element:
    return ElementTree.fromstring(plot.svg("Cost, ms", lines))  # noqa: S314 - our own text
