"""A minute in which everything breaks at once; and a campaign that is told to end leaves nothing."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from devstack.processes import ROOT
from devstack.watchdog import is_there
from tests.campaigns import report
from tests.customer import until

# A machine that others use, too: few buyers, for what is judged is what becomes of them, not how fast.
SMALL = ("--minutes", "1", "--seed", "1", "--rate", "8", "--backlog", "40", "--strangers", "4")
STATE = "CONCIERGE_STATE"
LONGEST = 1500  # its waits are generous; on a machine that is idle it takes two minutes


def begun(folder: Path) -> subprocess.Popen[bytes]:
    """Start a small campaign with its state in a folder of its own."""
    with (folder / "said").open("wb") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns", *SMALL],
            cwd=ROOT,
            env={**os.environ, STATE: str(folder)},
            stdout=said,
            stderr=subprocess.STDOUT,
        )


@pytest.mark.timeout(LONGEST + 30)
def test_a_minute_in_which_everything_breaks_loses_nobody(tmp_path: Path) -> None:
    process = begun(tmp_path)
    try:
        process.wait(LONGEST)
    finally:
        process.kill()
    said = (tmp_path / "said").read_text()
    found = json.loads((tmp_path / "campaign" / report.JSON).read_text())

    assert [each for each in found["invariants"] if each["broken"]] == [], said
    assert process.returncode == 0, said
    assert found["counts"]["paid"] == found["counts"]["buyers"] > 8
    assert {fault["kind"] for fault in found["faults"]} >= {"database stopped", "mail hung"}
    assert found["seconds"]["ready"]["count"] == found["counts"]["paid"]


def test_a_campaign_that_is_told_to_end_in_the_middle_leaves_no_process_and_no_folder(
    tmp_path: Path,
) -> None:
    process = begun(tmp_path)
    try:
        until(lambda: b"faults" in (tmp_path / "said").read_bytes(), within=300)
        time.sleep(15)  # into the fire
        theirs = [each.pid for each in psutil.Process(process.pid).children(recursive=True)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(200) == 128 + signal.SIGTERM
    finally:
        process.kill()
    assert len(theirs) > 5
    until(lambda: not [pid for pid in theirs if is_there(pid)], within=30)
    assert not list((tmp_path / "campaign").glob("run-*"))
