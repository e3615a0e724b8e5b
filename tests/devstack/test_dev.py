"""bin/dev: what is saved is served, by the web and by the worker; Ctrl-C leaves nothing behind."""

from __future__ import annotations

import json
import os
import pty
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from devstack.processes import ROOT
from tests.devstack.waiting import eventually, is_gone

# Ctrl-C reaches a process whose terminal this is.
IN_A_TERMINAL = "import os, sys; os.login_tty(os.dup(0)); os.execv(sys.argv[1], sys.argv[1:])"
LEFT_OUT = (
    ".*_cache", ".git", ".venv", "__pycache__", "node_modules", "var", "clients", "docs", "tests",
)  # fmt: skip
PAGE = Path("templates/website/home.html")
HEALTH = Path("public_apps/monitoring/health.py")
READY = "    parts = _looked_at()"
TASKS = Path("public_apps/core/tasks.py")
SWEEP = "    mail.SWEEP.run()"


class Developer:
    """Somebody with a checkout of their own, an editor, and bin/dev in a terminal."""

    def __init__(self, checkout: Path, state: Path, environ: dict[str, str]) -> None:
        self.checkout = checkout
        self._state = state
        self._keyboard, terminal = pty.openpty()
        self._seen: list[bytes] = []
        # As bin/dev does it; the packages are those of the checkout that is tested.
        self.process = subprocess.Popen(
            [sys.executable, "-c", IN_A_TERMINAL, sys.executable, "-m", "devstack.dev"],
            cwd=checkout,
            env={**environ, "CONCIERGE_STATE": str(state)},
            stdin=terminal, stdout=terminal, stderr=terminal,
        )  # fmt: skip
        os.close(terminal)
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        try:
            while text := os.read(self._keyboard, 4096):
                self._seen.append(text)
        except OSError:
            return  # the terminal is closed: nobody writes to it any more

    @property
    def screen(self) -> str:
        return b"".join(self._seen).decode(errors="replace")

    @property
    def told(self) -> dict[str, Any]:
        content: dict[str, Any] = json.loads((self._state / "demo.json").read_text())
        return content

    def parts(self) -> dict[str, psutil.Process]:
        """Return the processes of all parts that live now."""
        pids = self.told["pids"]
        return {name: psutil.Process(pid) for name, pid in pids.items() if psutil.pid_exists(pid)}

    def log(self, part: str) -> str:
        return (self._state / "log" / f"{part}.log").read_text()

    def type(self, text: str) -> None:
        os.write(self._keyboard, text.encode())

    def save(self, path: Path, old: str, new: str) -> None:
        """Put one text for another in a file, as an editor does."""
        text = (self.checkout / path).read_text()
        assert old in text
        (self.checkout / path).write_text(text.replace(old, new, 1))

    def page(self, path: str) -> str:
        """Return what is served, or nothing while nobody serves."""
        try:
            return requests.get(f"{self.told['web_url']}{path}", timeout=60).text
        except requests.ConnectionError:
            return ""

    def eventual_page(self, path: str) -> str:
        """Return what is served, once somebody serves."""
        eventually(lambda: self.page("/healthz"))
        return self.page(path)


@pytest.fixture
def developer(tmp_path: Path, outside: dict[str, str]) -> Iterator[Developer]:
    checkout = tmp_path / "checkout"
    shutil.copytree(ROOT, checkout, ignore=shutil.ignore_patterns(*LEFT_OUT))
    developer = Developer(checkout, tmp_path / "state", outside)
    try:
        eventually(
            lambda: "Serving;" in developer.screen or developer.process.poll() is not None,
            seconds=400,
        )
        assert "Serving;" in developer.screen, developer.screen
        yield developer
    finally:
        developer.process.send_signal(signal.SIGTERM)
        developer.process.wait(60)


def test_what_is_saved_is_served_a_breakpoint_stops_and_ctrl_c_leaves_nothing_behind(
    developer: Developer,
) -> None:
    started = [developer.parts()]

    # A template, though it has been in use: at the next request, by the same process.
    assert "A new sentence." not in developer.page("/")
    developer.save(PAGE, "{% block content %}", "{% block content %}A new sentence.")
    eventually(lambda: "A new sentence." in developer.page("/"))
    assert developer.parts() == started[0]

    # Code: the web answers anew, and the worker does its work anew.
    developer.save(HEALTH, '{"status": "ok"}', '{"status": "splendid"}')
    eventually(lambda: "splendid" in developer.page("/healthz"))
    developer.save(TASKS, SWEEP, f'    log.warning("swept by new code")\n{SWEEP}')
    eventually(lambda: "swept by new code" in developer.log("worker"))
    started.append(developer.parts())
    assert started[1]["postgres"] == started[0]["postgres"], "what has no code of ours stays"

    # What does not even load is shown, and mended by the next change.
    developer.save(HEALTH, '"splendid"', '"splendid')
    eventually(lambda: "SyntaxError" in developer.screen)
    developer.save(HEALTH, '"splendid', '"mended"')
    eventually(lambda: "mended" in developer.page("/healthz"))

    # A breakpoint has the terminal.
    eventually(lambda: "web" in developer.parts())
    before = developer.parts()["web"]
    developer.save(HEALTH, READY, f"    breakpoint()\n{READY}")
    eventually(lambda: developer.parts().get("web") not in {None, before})
    with ThreadPoolExecutor(1) as browser:
        asked = browser.submit(developer.eventual_page, "/readyz")
        eventually(lambda: "(Pdb)" in developer.screen)
        developer.type("p 6 * 7\n")
        eventually(lambda: "42" in developer.screen.rpartition("6 * 7")[2])
        developer.type("c\n")
        assert "parts" in asked.result(60)

    # Ctrl-C while somebody stands at one.
    with ThreadPoolExecutor(1) as browser:
        left_alone = browser.submit(developer.page, "/readyz")
        eventually(lambda: developer.screen.count("(Pdb)") >= 3)
        started.append(developer.parts())
        developer.type("\x03")
        assert developer.process.wait(60) == 0
        assert left_alone.result(60) == ""
    assert developer.screen.endswith("All stopped.\r\n")
    assert all(is_gone(each) for parts in started for each in parts.values())
