"""A browser for the browser tests: the one that is there, or the one that can be brought."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find() -> str | None:
    """Return the path of a Chromium: the one in `CHROMIUM`, or one that is installed."""
    asked = os.environ.get("CHROMIUM")
    if asked:
        return asked
    found = next(filter(None, map(shutil.which, NAMES)), None)
    return found or (str(MAC) if MAC.exists() else None)


def can_install() -> bool:
    """Whether this machine lets us bring one: Debian, as root."""
    return os.geteuid() == 0 and shutil.which("apt-get") is not None


def install(*, log: Path) -> str | None:
    """Install Debian's Chromium and return its path, or None; what apt says is in the log."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    with log.open("ab") as sink:
        for command in (
            ["apt-get", "update", "-q"],
            ["apt-get", "install", "-qy", "--no-install-recommends", "chromium"],
        ):
            subprocess.run(command, env=quiet, stdout=sink, stderr=sink, check=False)
    return find()
