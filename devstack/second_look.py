"""In CI the few tests that failed run once more, alone, and are named if they pass then.

Of thousands of tests with real processes some fail once in hundreds of runs. CPython's buildbots do the
same (`regrtest --rerun`). Why, and what it must not become: docs/decisions/tests.md.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from devstack.checking import Check, Runner
from devstack.console import Screen

# More than these in one run are no chance.
MOST = 5
SOME_FAILED = 1  # pytest's exit code; others say that it was interrupted, or broke


def cache(folder: Path) -> tuple[str, ...]:
    """Return what tells pytest to remember in this run's folder what failed."""
    return ("-o", f"cache_dir={folder / 'pytest-cache'}")


def forget(folder: Path) -> None:
    """Forget what an earlier run in this folder remembers: what failed there is not this run's."""
    _failures(folder).unlink(missing_ok=True)


def take(
    runner: Runner,
    screen: Screen,
    folder: Path,
    *,
    first: Check,
    again: Callable[[str, str], Check],
) -> None:
    """Run `first`; if a few of its tests fail, run these by `again`, and take its result for theirs.

    `again` gets the two arguments that choose what failed. What passes then is named on the screen.
    """
    forget(folder)
    if runner.run(first) != SOME_FAILED:
        return
    failed = _failed(folder)
    if not 0 < len(failed) <= MOST:
        return
    screen.note(f"{len(failed)} failed among others; once more, alone:")
    if runner.run(again("--last-failed", "--last-failed-no-failures=none")):
        return
    runner.failed.remove(first.title)
    screen.note("Failed among others, passed alone. Each is a fault of a test or of the product:")
    for test in failed:
        screen.plain(f"  {test}")


def _failures(folder: Path) -> Path:
    return folder / "pytest-cache" / "v" / "cache" / "lastfailed"


def _failed(folder: Path) -> list[str]:
    try:
        return sorted(json.loads(_failures(folder).read_text()))
    except FileNotFoundError:
        return []
