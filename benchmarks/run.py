"""`bin/bench`: runs benchmarks, each in a process of its own, and shows their figures in a table.

    bin/bench [provision|fleet|requests|webhook|drain|slow …] [--quick] [--tenants N] [--json PATH]
              [--plots FOLDER]

Without names all are run. A benchmark that fails or takes too long is named; the others go on.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks import plot
from benchmarks.world import SIZES
from devstack.processes import ROOT

NAMES = ("provision", "fleet", "requests", "webhook", "drain", "slow")
MODULES = {"requests": "benchmarks.pages"}  # the library of that name is imported beside it
QUICK_SECONDS, LONG_SECONDS = 1800, 6 * 3600  # patience for a machine that others use, too


def main() -> int:
    """Run what the command line asks for; return the exit code."""
    arguments = _arguments()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    reports: dict[str, dict[str, Any]] = {}
    for name in arguments.names or NAMES:
        print(f"{name} …", file=sys.stderr, flush=True)
        begun = time.monotonic()
        reports[name] = report = _run(name, arguments)
        report["seconds"] = round(time.monotonic() - begun, 1)
        _show(name, report)
        if arguments.plots:
            plot.write(report.get("plots", {}), arguments.plots)
    if arguments.json:
        arguments.json.write_text(json.dumps({"machine": _machine(), **reports}, indent=1))
    return int(any("failed" in report for report in reports.values()))


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="How fast it is.")
    parser.add_argument("names", nargs="*", metavar="NAME", help=", ".join(NAMES))
    parser.add_argument("--quick", action="store_true", help="a look: small, few rounds")
    parser.add_argument(
        "--tenants", type=int, default=SIZES[-1], metavar="N",
        help=f"the largest fleet to measure, of {', '.join(map(str, SIZES))}",
    )  # fmt: skip
    parser.add_argument("--json", type=Path, help="write every figure to this file")
    parser.add_argument(
        "--plots", type=Path, help="write SVGs of cost against tenants to this folder"
    )
    arguments = parser.parse_args()
    if unknown := set(arguments.names) - set(NAMES):
        parser.error(f"no benchmark is called {', '.join(sorted(unknown))}")
    if arguments.tenants < SIZES[0]:
        parser.error(f"--tenants: {SIZES[0]} at least")
    return arguments


def _machine() -> dict[str, Any]:
    """Say on what it was measured, and how busy others kept it."""
    load, *_rest = os.getloadavg()
    return {
        "system": platform.platform(), "python": platform.python_version(),
        "processors": os.cpu_count(), "load": round(load, 1),
    }  # fmt: skip


def _run(name: str, arguments: argparse.Namespace) -> dict[str, Any]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "report.json"
        command = [sys.executable, "-m", MODULES.get(name, f"benchmarks.{name}")]
        command += ["--json", str(path), "--tenants", str(arguments.tenants)]
        command += ["--quick"] if arguments.quick else []
        seconds = QUICK_SECONDS if arguments.quick else LONG_SECONDS
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            process_group=0,  # Ctrl-C is for us: it would reach a benchmark twice
        )
        try:
            output, _ = process.communicate(timeout=seconds)
        except (subprocess.TimeoutExpired, KeyboardInterrupt) as ended:
            # At the end of our patience as at Ctrl-C: it stops what it has started.
            process.terminate()
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
    table = Table(
        "", "median", "middle half", "unit", "n", "goal", "",
        title=f"{name}, in {report['seconds']:.0f} s",
    )  # fmt: skip
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
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
