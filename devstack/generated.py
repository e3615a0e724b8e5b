"""Files that are made from the code: `python -m devstack.generated` writes all, `bin/test` compares."""

from __future__ import annotations

import argparse
import difflib
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from devstack.processes import ROOT

MOST_LINES = 40
LONGEST_SECONDS = 300
GREEK = ROOT / "locale/el/LC_MESSAGES/django.po"
CLIENT = ROOT / "clients/typescript"


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


def main() -> int:
    """Write every file that follows from others; say which can't be made here. Return the exit code."""
    failed = [what for what, command in makers() if not _made(what, command)]
    if failed:
        sys.stdout.write(f"Not made: {', '.join(failed)}.\n")
    return 1 if failed else 0


def makers() -> Iterator[tuple[str, list[str]]]:
    """Yield what is made, and by which command, in an order in which each finds what it needs."""
    python = sys.executable
    yield "docs/openapi", [python, "manage.py", "openapi"]
    yield "docs/permissions.md", [python, "manage.py", "permissions"]
    yield "docs/hooks.md", [python, "-m", "devstack.hooks"]
    yield "docs/architecture.svg", [python, "-m", "devstack.architecture"]
    yield "locale (msgfmt)", ["msgfmt", "-o", str(GREEK.with_suffix(".mo")), str(GREEK)]
    npm = ["npm", "--prefix", str(CLIENT), "--silent"]
    if not (CLIENT / "node_modules").exists():
        yield "packages of clients/typescript (npm)", [*npm, "ci"]
    yield "clients/typescript (npm)", [*npm, "run", "types"]


def _made(what: str, command: list[str]) -> bool:
    if shutil.which(command[0]) is None:
        sys.stdout.write(f"✗ {what}: there is no {command[0]}\n")
        return False
    try:
        done = subprocess.run(
            command, cwd=ROOT, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        sys.stdout.write(f"✗ {what}: not done after {LONGEST_SECONDS} seconds\n")
        return False
    sys.stdout.write(f"{'✗' if done.returncode else '✓'} {what}\n")
    if done.returncode:
        sys.stdout.write(f"{done.stdout}{done.stderr}\n")
    return not done.returncode


if __name__ == "__main__":
    sys.exit(main())
