"""Following a how-to: its blocks are applied to a copy of the repository, and what it runs is run there.

A block's first line says what it is: `python file=PATH` is a whole file, `diff file=PATH` changes one,
`po append-to=PATH` goes to the end of one, `sh` is run, line by line.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from devstack.processes import ROOT

PAGES = ROOT / "docs" / "howto"
LONGEST_SECONDS = 300
_BLOCK = re.compile(r"^```(\w+) ?(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_BY_HAND = re.compile(r"^\*\*(\d+) files by hand\*\*", re.MULTILINE)


class CannotFollow(Exception):
    """The page is not exact: in a sentence, why."""


@dataclass(frozen=True)
class Step:
    """One block of a page."""

    language: str
    verb: str
    path: str
    text: str

    @property
    def is_run(self) -> bool:
        """Whether it is something to run."""
        return self.language == "sh"


def steps(page: str) -> Iterator[Step]:
    """Yield what a page says to do, in order; raises `CannotFollow`."""
    for language, where, text in _BLOCK.findall((PAGES / page).read_text(encoding="utf-8")):
        verb, _equals, path = where.partition("=")
        if language != "sh" and (verb not in {"file", "append-to"} or not path):
            raise CannotFollow(f"{page}: a block of {language} names no file: {text[:60]!r}")
        yield Step(language, verb, path, text)


def said_by_hand(page: str) -> int:
    """Return how many files a page says that one writes by hand."""
    found = _BY_HAND.search((PAGES / page).read_text(encoding="utf-8"))
    if found is None:
        raise CannotFollow(f"{page}: how many files are written by hand?")
    return int(found[1])


def by_hand(page: str) -> set[str]:
    """Return the files that a page has one write or change."""
    return {step.path for step in steps(page) if not step.is_run}


def copy_to(folder: Path) -> Path:
    """Copy what git knows, or will, of this repository, with our interpreter; return the folder."""
    _code, listed = run(
        "git ls-files -z --cached --others --exclude-standard", within=ROOT, environ=os.environ
    )
    for name in filter(None, listed.split("\0")):
        source, target = ROOT / name, folder / name
        if source.is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(source.read_bytes())
    (folder / ".git").mkdir()  # which makes it a checkout
    (folder / ".venv").symlink_to(Path(sys.prefix))
    modules = "clients/typescript/node_modules"
    if (ROOT / modules).exists():
        (folder / modules).symlink_to(ROOT / modules)
    return folder


def apply(step: Step, *, to: Path) -> None:
    """Do what a block says to a file; raises `CannotFollow` where the file is not as it expects."""
    path = to / step.path
    if step.verb == "append-to":
        path.write_text(f"{path.read_text(encoding='utf-8')}\n{step.text}", encoding="utf-8")
    elif step.language == "diff":
        path.write_text(_changed(path, step), encoding="utf-8")
    elif path.exists():
        raise CannotFollow(f"{step.path} is there already.")
    else:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(step.text, encoding="utf-8")


def _changed(path: Path, step: Step) -> str:
    lines = step.text.splitlines(keepends=True)
    before = "".join(line[1:] for line in lines if not line.startswith("+"))
    after = "".join(line[1:] for line in lines if not line.startswith("-"))
    text = path.read_text(encoding="utf-8")
    if text.count(before) != 1:
        raise CannotFollow(f"{step.path} has {text.count(before)} places such as: {before!r}")
    return text.replace(before, after)


def run(command: str, *, within: Path, environ: Mapping[str, str]) -> tuple[int, str]:
    """Run a line of a page in the copy; return its exit code and what it said."""
    done = subprocess.run(  # noqa: S602 - a line of our own documents
        command, shell=True, cwd=within, env=dict(environ), capture_output=True, text=True,
        timeout=LONGEST_SECONDS, check=False,
    )  # fmt: skip
    return done.returncode, done.stdout + done.stderr
