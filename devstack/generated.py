"""Files that are made from the code: written on request, held against it by `bin/test`."""

from __future__ import annotations

import argparse
import difflib
import sys
from pathlib import Path

from devstack.processes import ROOT

MOST_LINES = 40


def keep(path: Path, *, made: str, by: str, arguments: list[str] | None = None) -> int:
    """Write what was made; with `--check` only compare, and say what differs. Return the exit code.

    `by` is the module that makes the file, for people to run.
    """
    parser = argparse.ArgumentParser(prog=f"python -m {by}")
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name
    parser.add_argument("--check", action="store_true", help=f"only look whether {name} is right")
    if not parser.parse_args(arguments).check:
        path.write_text(made, encoding="utf-8")
        return 0
    there = path.read_text(encoding="utf-8") if path.exists() else ""
    if there == made:
        return 0
    lines = difflib.unified_diff(
        there.splitlines(), made.splitlines(), "there", "the code", n=0, lineterm=""
    )
    sys.stdout.write("\n".join([*lines][:MOST_LINES]))
    sys.stdout.write(f"\n{name} is not what the code says: .venv/bin/python -m {by}\n")
    return 1
