"""What is committed is the same on every machine."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from devstack.processes import ROOT


def test_no_link_is_among_the_files() -> None:
    """One that leads out of the repository leads nowhere elsewhere: `.venv` did once."""
    git = shutil.which("git")
    if git is None or not (ROOT / ".git").exists():
        pytest.skip("not a checkout, or no git to ask")
    listed = subprocess.run(
        [git, "ls-files", "--stage"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    kept = [line.split(maxsplit=3) for line in listed.stdout.splitlines()]
    assert len(kept) > 100
    assert [path for mode, _object, _stage, path in kept if mode == "120000"] == []
