"""In which order tests run: another one each time; in CI another one for each commit."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from pathlib import Path

from devstack.processes import ROOT

OPTION = "--randomly-seed"


def option(environ: Mapping[str, str], *, repository: Path = ROOT) -> list[str]:
    """Return what pytest is to be told of its seed.

    CI's follows from the commit: whoever knows that can run the same order again, without CI's output.
    Elsewhere, without git, and where PYTEST_ADDOPTS names a seed, nothing is said.
    """
    if not environ.get("CI") or OPTION in environ.get("PYTEST_ADDOPTS", ""):
        return []
    try:
        asked = subprocess.run(
            ["git", "rev-parse", "HEAD"],  # noqa: S607 - wherever git is
            cwd=repository, capture_output=True, text=True,
            check=True, timeout=10,
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return []
    return [f"{OPTION}={int(asked.stdout[:8], 16)}"]
