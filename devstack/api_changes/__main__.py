"""`python -m devstack.api_changes`: what has changed in the API since the last release of its documents.

With `--check`, fail if something would break clients and is not declared; with `--release 1.1.0`, write
the changelog of that release and keep its documents for the next comparison.
"""

from __future__ import annotations

import argparse
import re
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

import yaml

from devstack.api_changes.documents import changes
from devstack.api_changes.schemas import Change
from devstack.processes import ROOT

DOCUMENTS = ("public", "tenant")
DECLARED = re.compile(r"^- `(.+)`", re.MULTILINE)
NOTHING = "# Changes that break clients, each declared with its reason\n\nNothing.\n"


def main(arguments: list[str], *, docs: Path = ROOT / "docs") -> int:
    """Do what the command line asks for; return the exit code."""
    parser = argparse.ArgumentParser(prog="python -m devstack.api_changes", description=__doc__)
    asked = parser.add_mutually_exclusive_group()
    asked.add_argument("--check", action="store_true", help="fail on what breaks and is undeclared")
    asked.add_argument(
        "--release", metavar="VERSION", help="write its changelog and keep its documents"
    )
    options = parser.parse_args(arguments)
    found = compared(docs)
    if options.check:
        return checked(found, docs)
    if options.release:
        released(found, docs, options.release)
    say(told(found, options.release or "Unreleased"))
    return 0


def compared(docs: Path) -> list[tuple[str, Change]]:
    """Return every change of every document since its last release."""
    return [
        (name, change)
        for name in DOCUMENTS
        for change in changes(_read(docs / "openapi/released", name), _read(docs / "openapi", name))
    ]


def checked(found: Iterable[tuple[str, Change]], docs: Path) -> int:
    """Say what breaks clients and is not declared, and what is declared and not there."""
    breaking = {f"{name}: {change}" for name, change in found if change.breaks}
    declared = set(DECLARED.findall(declarations(docs).read_text(encoding="utf-8")))
    for line in sorted(breaking - declared):
        say(f"This breaks clients: {line}")
    for line in sorted(declared - breaking):
        say(f"Declared, but no longer so: {line}")
    if breaking == declared:
        return 0
    say(f"Change it back, or declare it in {declarations(docs).name} (docs/api.md says how).")
    return 1


def released(found: list[tuple[str, Change]], docs: Path, version: str) -> None:
    """Write a release's changelog, keep its documents, and begin with no declarations."""
    folder = declarations(docs).parent
    (folder / f"{version}.md").write_text(told(found, version), encoding="utf-8")
    declarations(docs).write_text(NOTHING, encoding="utf-8")
    for name in DOCUMENTS:
        shutil.copy(docs / "openapi" / f"{name}.yaml", docs / "openapi/released" / f"{name}.yaml")


def told(found: list[tuple[str, Change]], version: str) -> str:
    """Return the changelog, what breaks first."""
    lines = [f"# API {version}"]
    for title, breaks in (("Breaks clients", True), ("Adds or loosens", False)):
        lines += ["", f"## {title}", ""]
        lines += [f"- `{name}: {each}`" for name, each in found if each.breaks is breaks] or [
            "Nothing."
        ]
    return "\n".join(lines) + "\n"


def say(text: str) -> None:
    """Say something to whoever runs this."""
    sys.stdout.write(f"{text}\n")


def declarations(docs: Path) -> Path:
    """Return the file in which changes that break clients are declared."""
    return docs / "api-changes" / "unreleased.md"


def _read(folder: Path, name: str) -> dict[str, object]:
    document: dict[str, object] = yaml.safe_load(
        (folder / f"{name}.yaml").read_text(encoding="utf-8")
    )
    return document


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
