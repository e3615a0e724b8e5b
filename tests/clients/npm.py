"""A project of somebody else's with the packed client in it, as `npm install` puts it there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from devstack.processes import ROOT

CLIENT = ROOT / "clients" / "typescript"
PROJECT = Path(__file__).parent / "project"
PATIENCE = 300


def tool(name: str) -> str:
    """Return where `node` or `npm` is, or skip the test."""
    found = shutil.which(name)
    if found is None:
        pytest.skip("there is no node here; bin/test names that at its end")
    return found


def run(*command: str, cwd: Path, told: str | None = None) -> str:
    """Run a command and return what it says; what it complains of fails the test."""
    done = subprocess.run(
        command, cwd=cwd, input=told, capture_output=True, text=True, timeout=PATIENCE,
        env={"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{' '.join(command)}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@dataclass(frozen=True)
class Project:
    """The project's folder, its packages installed."""

    folder: Path

    def compile(self, config: str) -> None:
        """Compile with the strictest settings; a type error fails the test."""
        self.bin("tsc", "--project", config)

    def bin(self, name: str, *arguments: str) -> str:
        """Run a program that a package brings."""
        return run(tool("node"), *self._program(name), *arguments, cwd=self.folder)

    def tell(self, story: str, **told: Any) -> Any:
        """Run one of the stories and return its result."""
        said = run(
            tool("node"), "out/src/stories.js", story, cwd=self.folder, told=json.dumps(told)
        )
        return json.loads(said)

    def _program(self, name: str) -> list[str]:
        return [str((self.folder / "node_modules" / ".bin" / name).resolve())]


def pack(folder: Path) -> Path:
    """Build and pack a copy of the client, so that neighbours don't meet; return the file."""
    if not (CLIENT / "node_modules").exists():
        run(tool("npm"), "ci", "--prefer-offline", cwd=CLIENT)
    copy = folder / "client"
    leave = shutil.ignore_patterns("node_modules", "dist", "*.tgz")
    shutil.copytree(CLIENT, copy, ignore=leave)
    (copy / "node_modules").symlink_to(CLIENT / "node_modules")
    run(tool("npm"), "pack", "--silent", cwd=copy)
    (packed,) = copy.glob("*.tgz")
    return packed


def install(folder: Path) -> Project:
    """Make the project in a folder, with the packed client as one of its packages."""
    packed = pack(folder)
    place = folder / "project"
    shutil.copytree(PROJECT, place, ignore=shutil.ignore_patterns("node_modules", "out"))
    shutil.copytree(CLIENT / "example", place / "example")
    run(tool("npm"), "ci", "--prefer-offline", cwd=place)
    run(tool("npm"), "install", "--no-save", "--offline", str(packed), cwd=place)
    return Project(place)
