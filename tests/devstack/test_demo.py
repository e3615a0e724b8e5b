"""bin/demo from its first line to its last: the journey, the serving, and a step that fails."""

from __future__ import annotations

import json
import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from devstack import journey, ports
from devstack.processes import ROOT
from tests.devstack.waiting import eventually, is_gone


@pytest.fixture
def folder(tmp_path: Path, outside: dict[str, str]) -> Path:
    """Where a demo keeps its state."""
    outside["CONCIERGE_STATE"] = str(tmp_path / "state")
    return tmp_path / "state"


@pytest.fixture
def serving(folder: Path, outside: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    """A demo that serves, its output kept in `screen`."""
    with (folder.parent / "screen").open("w") as screen:
        demo = subprocess.Popen(
            [ROOT / "bin" / "demo", "--no-journey"], env=outside, stdout=screen, text=True
        )
    eventually(lambda: "Serving." in shown(folder) or demo.poll() is not None, seconds=200)
    yield demo
    demo.send_signal(signal.SIGTERM)
    demo.wait(60)


def shown(folder: Path) -> str:
    return (folder.parent / "screen").read_text()


def told(folder: Path) -> dict[str, Any]:
    """What the run tells to programs."""
    content: dict[str, Any] = json.loads((folder / "demo.json").read_text())
    return content


def once(environ: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [ROOT / "bin" / "demo", "--once"], env=environ, capture_output=True, text=True, check=False
    )


def test_once_takes_a_customer_all_the_way_and_leaves_no_process(
    folder: Path, outside: dict[str, str]
) -> None:
    done = once(outside)
    assert done.returncode == 0, done.stdout + done.stderr
    for step in journey.STEPS:
        assert f"✓ {step.title}" in done.stdout
    report = told(folder)
    assert set(report["timings_ms"]) == {step.key for step in journey.STEPS}
    assert report["owner_email"].endswith(".example")
    assert not any(map(psutil.pid_exists, report["pids"].values()))

    again = once(outside)
    assert again.returncode == 0, "the staff account and the plans are there already"
    assert told(folder)["owner_email"] != report["owner_email"]


def test_a_step_that_fails_is_named_with_the_log_that_tells_why(
    folder: Path, outside: dict[str, str]
) -> None:
    nobody = f"http://127.0.0.1:{ports.free()}"
    done = once({**outside, "STRIPE_API_BASE": nobody})
    assert done.returncode == 1
    assert "✗ Checkout created" in done.stdout
    assert "answered 502" in done.stdout
    assert f"The end of {folder / 'log' / 'web.log'}" in done.stdout
    assert "timings_ms" not in told(folder)


def test_what_dies_serves_again_and_ctrl_c_ends_all(
    serving: subprocess.Popen[str], folder: Path
) -> None:
    before = told(folder)
    parts = [psutil.Process(pid) for pid in before["pids"].values()]
    os.kill(before["pids"]["web"], signal.SIGKILL)
    eventually(lambda: "web serves again." in shown(folder))
    eventually(lambda: told(folder)["pids"]["web"] != before["pids"]["web"])
    assert requests.get(f"{before['web_url']}/healthz", timeout=60).status_code == 200
    parts.append(psutil.Process(told(folder)["pids"]["web"]))
    assert before["staff_password"] in shown(folder)

    serving.send_signal(signal.SIGINT)
    assert serving.wait(60) == 0
    assert shown(folder).endswith("All stopped.\n")
    assert all(map(is_gone, parts))
