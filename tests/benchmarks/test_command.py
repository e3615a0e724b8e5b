"""`bin/bench`, as far as it goes without measuring."""

from __future__ import annotations

import subprocess
import sys

from devstack.processes import ROOT


def test_a_benchmark_that_is_none_is_refused_with_the_names_that_are() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.run", "speed"],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 2
    assert "no benchmark is called speed" in done.stderr
    assert not done.stdout
