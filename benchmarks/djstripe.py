"""dj-stripe's webhook, served beside ours: an environment, a database and a port of its own.

The same gunicorn settings, the same database server, the same secret. It verifies the signature and
stores the event; what it does with events afterwards is taken off (benchmarks/peers/apps.py).
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from devstack import ports, processes, services
from devstack.processes import ROOT, Part
from devstack.stack import Stack

REQUIREMENTS = ROOT / "benchmarks" / "peers" / "djstripe-requirements.txt"
DATABASE = "djstripe"
TELLING_LINES = 3


class PeerMissing(Exception):
    """dj-stripe could not be installed; the message says why."""


@dataclass(frozen=True, kw_only=True)
class Peer:
    """Where dj-stripe takes events on 127.0.0.1, signed with the stack's own secret."""

    port: int
    path: str


@dataclass(frozen=True, kw_only=True)
class Ready:
    """dj-stripe installed, with its tables and an endpoint, and not running."""

    python: Path
    environ: Mapping[str, str]
    path: str


def prepare(stack: Stack) -> Ready:
    """Install dj-stripe unless it is, and make its database. Raises `PeerMissing`."""
    python = _installed()
    environ = {
        **stack.env,
        "DATABASE_URL": urlsplit(stack.database_url)._replace(path=f"/{DATABASE}").geturl(),
        "DJANGO_SETTINGS_MODULE": "benchmarks.peers.settings",
    }
    with psycopg.connect(stack.database_url, autocommit=True) as database:
        database.execute(f"CREATE DATABASE {DATABASE}".encode())
    said = _run(str(python), "-m", "benchmarks.peers.endpoint", environ=environ)
    return Ready(python=python, environ=environ, path=said.split()[-1])


@contextmanager
def serving(stack: Stack, ready: Ready) -> Iterator[Peer]:
    """Serve it for the length of a block, by gunicorn as ours is."""
    port = ports.free()
    part = Part(
        name="djstripe",
        command=(
            str(ready.python), "-m", "gunicorn", "-c", "benchmarks/peers/gunicorn.py",
            "benchmarks.peers.wsgi:application",
        ),
        ready=lambda: services.get(port, "/healthz") is not None,
        hint="Delete the folder of its environment, and it is made anew.",
        environ={**ready.environ, "PORT": str(port)},
    )  # fmt: skip
    running = processes.launch(part, logs=stack.logs, watchdog=stack.watchdog)
    try:
        processes.wait_until_ready(running)
        yield Peer(port=port, path=ready.path)
    finally:
        processes.stop(running, watchdog=stack.watchdog)


def _installed() -> Path:
    """Return the Python of an environment with exactly the pinned requirements, made if need be."""
    mark = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    state = Path(os.environ.get("CONCIERGE_STATE", "var")).absolute()
    folder = state / f"djstripe-{mark}"
    python = folder / "bin" / "python"
    whole = folder / "installed"
    if not whole.exists():
        # By our own pip, for Debian's venv may lack one; its wheels come from the same index.
        _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder))
        _run(
            sys.executable, "-m", "pip", "--python", str(python), "install", "--no-input",
            "--disable-pip-version-check", "--progress-bar", "off", "--require-hashes",
            "-r", str(REQUIREMENTS),
        )  # fmt: skip
        whole.touch()
    return python


def _run(*command: str, environ: Mapping[str, str] | None = None) -> str:
    done = subprocess.run(
        command, cwd=ROOT, env=environ, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise PeerMissing(_last_lines(done.stderr))
    return done.stdout


def _last_lines(text: str) -> str:
    return " ".join(text.splitlines()[-TELLING_LINES:])
