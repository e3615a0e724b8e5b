"""bin/demo from its first line to its last: the journey, the serving, and a step that fails."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from devstack import environment, journey, ports
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
    with demo_serving(folder, outside, "--no-journey") as demo:
        yield demo


@contextmanager
def demo_serving(
    folder: Path, environ: dict[str, str], *options: str
) -> Iterator[subprocess.Popen[str]]:
    """Have a demo until the block ends."""
    with (folder.parent / "screen").open("w") as screen:
        demo = subprocess.Popen(
            [ROOT / "bin" / "demo", *options], env=environ, stdout=screen, text=True
        )
    try:
        eventually(lambda: "Serving." in shown(folder) or demo.poll() is not None, seconds=400)
        yield demo
    finally:
        demo.send_signal(signal.SIGTERM)
        demo.wait(60)


def shown(folder: Path) -> str:
    return (folder.parent / "screen").read_text()


def told(folder: Path) -> dict[str, Any]:
    """What the run tells to programs."""
    content: dict[str, Any] = json.loads((folder / "demo.json").read_text())
    return content


def once(environ: dict[str, str], *options: str) -> subprocess.CompletedProcess[str]:
    command = [str(ROOT / "bin" / "demo"), "--once", *options]
    return subprocess.run(command, env=environ, capture_output=True, text=True, check=False)


def test_once_takes_a_customer_all_the_way_leaves_no_process_and_minds_no_demo_that_is_gone(
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

    # In a shell that has read the demo.env of a run which is gone.
    gone = "postgresql://concierge:x@127.0.0.1:9/concierge"
    read = environment.marked({"DATABASE_URL": gone, "STRIPE_API_BASE": "http://127.0.0.1:9"})
    again = once({**outside, **read})
    assert again.returncode == 0, "the staff account and the plans are there already"
    assert "This shell has read a demo.env" in again.stdout
    assert "Taken from the environment" not in again.stdout
    assert told(folder)["owner_email"] != report["owner_email"]


def test_with_the_frontend_the_password_is_chosen_there(
    folder: Path, outside: dict[str, str]
) -> None:
    if shutil.which("npm") is None:
        pytest.skip("there is no node here; bin/test names that at its end")
    done = once(outside, "--frontend")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "✓ Next.js site serves" in done.stdout
    assert told(folder)["frontend_url"].startswith("http://localhost:")


def test_a_step_that_fails_is_named_with_the_log_that_tells_why(
    folder: Path, outside: dict[str, str]
) -> None:
    nobody = f"http://127.0.0.1:{ports.free()}"
    done = once({**outside, "STRIPE_API_BASE": nobody})
    assert done.returncode == 1
    assert "✗ Plans read" in done.stdout
    assert "no price is at Stripe" in done.stdout
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


def play(environ: dict[str, str], *command: str, typed: str = "") -> tuple[int, str]:
    """Type a command of the demo in another terminal; return its status and what it says."""
    done = subprocess.run(
        [ROOT / "bin" / "demo", *command],
        env=environ, input=typed, capture_output=True, text=True, check=False, timeout=200,
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout


def test_whoever_plays_with_a_demo_sees_its_state_steps_inside_and_lets_things_happen(
    folder: Path, outside: dict[str, str]
) -> None:
    with demo_serving(folder, outside):
        label = told(folder)["tenant_url"].removeprefix("http://").split(".")[0]
        status, said = play(outside, "status")
        assert (status, told(folder)["owner_password"] in said) == (0, True)
        assert f"{label}" in said
        assert "All is well." in said
        who = "User.objects.get(role='owner').email"
        count = f"from public_apps.accounts.models import User; print({who})"
        assert told(folder)["owner_email"] in play(outside, "shell", label, typed=count)[1]
        rows = play(outside, "psql", label, typed="SELECT email FROM accounts_user;")[1]
        assert told(folder)["owner_email"] in rows
        assert "past_due" in play(outside, "simulate", "failed-payment")[1]
        eventually(lambda: "A payment for" in play(outside, "mail")[1], seconds=60)
        page = requests.get(told(folder)["mail_url"], timeout=30).text
        assert "A payment for" in page
        assert play(outside, "clock", "+31d")[0] == 0
        wish = {
            "organization": "Later", "subdomain": "later", "email": "later@later.example",
            "first_name": "L", "last_name": "L", "plan": "professional", "interval": "month",
        }  # fmt: skip
        url = f"{told(folder)['web_url']}/api/billing/checkout/"
        assert requests.post(url, json=wish, timeout=60).status_code == 201
        assert play(outside, "shell", "nobody") == (
            1,
            "There is no workspace 'nobody': “bin/demo status” names them.\n",
        )
        status, said = play(outside, "reset")
        assert (status, "is in use by process" in said) == (1, True)
    assert play(outside, "status")[0] == 1
    assert play(outside, "reset")[0] == 0
    assert not list(folder.glob("postgres-*"))
    assert not (folder / "mail").exists()


def test_help_installs_nothing(tmp_path: Path) -> None:
    checkout = tmp_path / "checkout"
    (checkout / "devstack").mkdir(parents=True)
    for name in ("bin/demo", "bin/environment.bash", "devstack/__init__.py", "devstack/options.py"):
        (checkout / name).parent.mkdir(exist_ok=True)
        shutil.copy(ROOT / name, checkout / name)
    done = subprocess.run(
        [checkout / "bin" / "demo", "--help"], capture_output=True, text=True, check=True
    )
    assert "simulate" in done.stdout
    assert not (checkout / ".venv").exists()
