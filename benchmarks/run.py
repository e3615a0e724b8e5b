"""`bin/bench`: runs benchmarks, each in a process of its own, and shows their figures in a table.

    bin/bench [provision|fleet|requests|webhook|drain …] [--quick] [--json PATH] [--plots FOLDER]

Without names all are run. A benchmark that fails or takes too long is named; the others go on.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import plot
from devstack.processes import ROOT

NAMES = ("provision", "fleet", "requests", "webhook", "drain")
MODULES = {"requests": "benchmarks.pages"}  # the library of that name is imported beside it
QUICK_SECONDS, LONG_SECONDS = 240, 3 * 3600


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="bin/bench", description="How fast it is.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="a look: small, few rounds")
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument("--plots", type=Path, help="write an SVG for each benchmark to this folder")
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    reports = {name: _run(name, arguments.quick) for name in arguments.names or NAMES}
    for name, report in reports.items():
        _show(name, report)
        if arguments.plots and report.get("points"):
            arguments.plots.mkdir(parents=True, exist_ok=True)
            (arguments.plots / f"{name}.svg").write_text(plot.svg(name, report["points"]))
    if arguments.json:
        machine = {"system": platform.platform(), "python": platform.python_version()}
        arguments.json.write_text(json.dumps({"machine": machine, **reports}, indent=1))
    return int(any("failed" in report for report in reports.values()))


def _run(name: str, quick: bool) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = [
            sys.executable,
            "-m",
            MODULES.get(name, f"benchmarks.{name}"),
            "--json",
            str(path),
        ]
        seconds = QUICK_SECONDS if quick else LONG_SECONDS
        # SIGINT at the end of its patience, so that it stops what it has started.
        process = subprocess.Popen(
            [*command, *(["--quick"] if quick else [])],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        )  # fmt: skip
        try:
            output, _ = process.communicate(timeout=seconds)
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as ended:
            process.send_signal(2)
            process.communicate()
            if isinstance(ended, KeyboardInterrupt):
                raise
            return {"failed": f"not done after {seconds} s"}
        if process.returncode:
            return {"failed": "\n".join(output.splitlines()[-30:])}
        report: dict[str, Any] = json.loads(path.read_text())
        return report


def _show(name: str, report: dict[str, Any]) -> None:
    console = Console(width=150 if not sys.stdout.isatty() else None, highlight=False)
    if "failed" in report:
        console.print(f"\n✗ {name}\n{report['failed']}", markup=False)
        return
    table = Table("", "median", "middle half", "unit", "n", "goal", "", title=name)
    for figure in report["figures"]:
        mark = {True: "✓", False: "✗", None: ""}[figure["reached"]]
        table.add_row(
            figure["name"], _short(figure["median"]),
            f"{_short(figure['low'])} to {_short(figure['high'])}", figure["unit"],
            str(figure["count"]), figure["goal"], mark,
        )  # fmt: skip
    console.print(table)
    for remark in report["remarks"]:
        console.print(f"• {remark}", markup=False)


def _short(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


if __name__ == "__main__":
    sys.exit(main())
