"""Whether a credential has got into the repository: `python -m devstack.credentials`.

Every tracked file is looked through for what keys look like. First a canary of each kind is planted in a
folder that is thrown away: a search that does not find those says nothing by finding nothing.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
import string
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from devstack.processes import ROOT

MOST_BYTES = 2_000_000
MOST_SECONDS = 60
MADE = frozenset({".git", ".venv", "node_modules", "staticfiles", "var", "__pycache__"})
LETTERS = string.ascii_letters + string.digits


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind of credential: what it looks like, and how one is made up that opens nothing."""

    name: str
    shape: re.Pattern[str]
    example: Callable[[], str]


@dataclass(frozen=True, kw_only=True)
class Found:
    """Where something looks like a credential; what it says is not repeated."""

    path: str
    line: int
    kind: str


def _kind(name: str, shape: str, example: Callable[[], str]) -> Kind:
    return Kind(name=name, shape=re.compile(shape), example=example)


def _some(length: int, of: str = LETTERS) -> str:
    return "".join(secrets.choice(of) for _ in range(length))


# Made up in pieces, so that this file holds none. Short ones of tests' own are no credentials.
KINDS = (
    _kind("Stripe key", r"\b[sr]k_(?:live|test)_[A-Za-z0-9]{20,}", lambda: f"sk_live_{_some(24)}"),
    _kind("Stripe signing secret", r"\bwhsec_[A-Za-z0-9+/]{24,}", lambda: f"whsec_{_some(32)}"),
    _kind("AWS key", r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b", lambda: "AKIA" + _some(16, "ABCDEFGH2345")),
    _kind("GitHub token", r"\bgh[pousr]_[A-Za-z0-9]{36}", lambda: f"ghp_{_some(36)}"),
    _kind("GitHub token", r"\bgithub_pat_\w{60,}", lambda: f"github_pat_{_some(82)}"),
    _kind("npm token", r"\bnpm_[A-Za-z0-9]{36}\b", lambda: f"npm_{_some(36)}"),
    _kind("PyPI token", r"\bpypi-AgEI[\w-]{50,}", lambda: f"pypi-AgEI{_some(60)}"),
    _kind("Slack token", r"\bxox[abprs]-[\w-]{20,}", lambda: f"xoxb-{_some(30)}"),
    _kind("Google key", r"\bAIza[\w-]{35}\b", lambda: f"AIza{_some(35)}"),
    _kind("SendGrid key", r"\bSG\.[\w-]{22}\.[\w-]{43}", lambda: f"SG.{_some(22)}.{_some(43)}"),
    _kind(
        "Sentry DSN",
        r"https://[0-9a-f]{32}@[\w.-]+/\d+",
        lambda: f"https://{secrets.token_hex(16)}@o1.ingest.sentry.io/1",
    ),
    _kind(
        "private key",
        r"-----BEGIN (?:[A-Z]+ )*PRIVATE KEY-----",
        lambda: "-----BEGIN " + "PRIVATE KEY-----",
    ),
    _kind(
        "password in an address",
        r"\bpostgres(?:ql)?://[\w.-]+:[A-Za-z0-9_-]{20,}@[a-z0-9-]+\.[a-z0-9.-]+",
        lambda: f"postgresql://concierge:{_some(24)}@db.example.com:5432/x",
    ),
)


def main() -> int:
    """Look through the repository; return the exit code."""
    if blind := unseen_canaries():
        sys.stderr.write(f"The search is blind: it did not find a planted {', '.join(blind)}.\n")
        return 2
    found = list(looked_through(ROOT, tracked_files()))
    for each in found:
        sys.stderr.write(f"{each.path}:{each.line} looks like a credential ({each.kind}).\n")
    if found:
        sys.stderr.write("Take it out, and roll it: whoever has a clone has it.\n")
    return 1 if found else 0


def unseen_canaries() -> list[str]:
    """Plant one of each kind, each in a file of its own; return the kinds that the search misses."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        planted = {}
        for number, kind in enumerate(KINDS):
            path = f"{number}.txt"
            (folder / path).write_text(f'before\nKEY="{kind.example()}"\n')
            planted[path] = kind.name
        seen = {(each.path, each.kind) for each in looked_through(folder, sorted(planted))}
    return [kind for path, kind in planted.items() if (path, kind) not in seen]


def tracked_files() -> list[str]:
    """Return every file that is or is about to be committed; without git, all but what is made."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        return sorted(_walked())
    listed = subprocess.run(
        [git, "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, capture_output=True, text=True, check=True, timeout=MOST_SECONDS,
    )  # fmt: skip
    return sorted(set(filter(None, listed.stdout.split("\0"))))


def _walked() -> Iterator[str]:
    for folder, names, files in os.walk(ROOT):
        names[:] = [name for name in names if name not in MADE]
        yield from (str((Path(folder) / file).relative_to(ROOT)) for file in files)


def looked_through(root: Path, paths: Iterable[str]) -> Iterator[Found]:
    """Yield what looks like a credential in these files; pictures and other bytes hold no text."""
    for path in paths:
        file = root / path
        if not file.is_file() or file.stat().st_size > MOST_BYTES:
            continue
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        for number, line in enumerate(text.splitlines(), start=1):
            for kind in KINDS:
                if kind.shape.search(line):
                    yield Found(path=path, line=number, kind=kind.name)


if __name__ == "__main__":
    sys.exit(main())
