"""A minute in which everything breaks at once; and a campaign that is cut off leaves nothing running."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from devstack.processes import ROOT
from devstack.watchdog import is_there
from tests.campaigns import report
from tests.campaigns.campaign import OWNERS
from tests.customer import until

# A machine that others use, too: few buyers, for what is judged is what becomes of them, not how fast.
SMALL = ("--minutes", "1", "--seed", "1", "--rate", "8", "--backlog", "40", "--strangers", "4")
STATE = "CONCIERGE_STATE"
LONGEST = 1500  # its waits are generous; on a machine that is idle it takes two minutes


@pytest.fixture
def campaign_state(tmp_path: Path) -> Path:
    """Where a campaign keeps its state; by this name the run begins with these tests."""
    return tmp_path


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
def test_a_minute_in_which_everything_breaks_loses_nobody(campaign_state: Path) -> None:
    process = begun(campaign_state)
    try:
        process.wait(LONGEST)
    finally:
        process.kill()
    said = (campaign_state / "said").read_text()
    found = json.loads((campaign_state / "campaign" / report.JSON).read_text())

    assert [each for each in found["invariants"] if each["broken"]] == [], said
    assert process.returncode == 0, said
    assert found["counts"]["paid"] == found["counts"]["buyers"] > 8
    assert {fault["kind"] for fault in found["faults"]} >= {"database stopped", "mail hung"}
    assert found["seconds"]["ready"]["count"] == found["counts"]["paid"] - OWNERS


@pytest.mark.timeout(LONGEST + 30)
@pytest.mark.parametrize("end", [signal.SIGTERM, signal.SIGKILL], ids=["told", "killed"])
def test_a_campaign_that_ends_while_its_database_is_stopped_leaves_no_process(
    campaign_state: Path, end: signal.Signals
) -> None:
    process = begun(campaign_state)
    try:
        until(lambda: a_database_is_stopped(process), within=LONGEST)
        theirs = parts_of(process)
        process.send_signal(end)
        process.wait(200)
    finally:
        process.kill()

    until(lambda: not [each for each in theirs if is_there(each.pid)], within=60)
    told = end == signal.SIGTERM
    assert process.returncode == (128 + end if told else -end)
    assert not told or not list((campaign_state / "campaign").glob("run-*"))


def parts_of(process: subprocess.Popen[bytes]) -> list[psutil.Process]:
    """Return all processes of the campaign's system, those of PostgreSQL's sessions among them."""
    found: list[psutil.Process] = psutil.Process(process.pid).children(recursive=True)
    return found


def a_database_is_stopped(process: subprocess.Popen[bytes]) -> bool:
    """Whether PostgreSQL and its sessions are stopped just now."""
    assert process.poll() is None, "it ended by itself"
    stopped = 0
    for each in parts_of(process):
        with suppress(psutil.NoSuchProcess):
            stopped += each.name() == "postgres" and each.status() == psutil.STATUS_STOPPED
    return stopped > 3
