"""A Python client made of our OpenAPI documents by openapi-python-client: what is made must import.

The generator lives in an environment of its own, made once for each state of its lock.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from pathlib import Path

from devstack.processes import ROOT

FOLDER = ROOT / "clients" / "generators"
REQUIREMENTS = FOLDER / "python" / "requirements.txt"
MADE = FOLDER / "out" / "python"
DOCUMENTS = ("public", "tenant")
IMPORT_ALL = """
import importlib, pkgutil, sys
sys.path.insert(0, sys.argv[1])
for package in sys.argv[2:]:
    for module in pkgutil.walk_packages(importlib.import_module(package).__path__, package + "."):
        importlib.import_module(module.name)
"""


def main() -> int:
    """Generate both clients and import every module of them; return the exit code."""
    try:
        python = _installed()
        for name in DOCUMENTS:
            _generate(python, name)
        _run(str(python), "-W", "error", "-c", IMPORT_ALL, str(MADE), *DOCUMENTS)
    except subprocess.CalledProcessError as error:
        print(error.output)  # noqa: T201 - the check shows it
        return 1
    return 0


def _installed() -> Path:
    """Return the Python of an environment with exactly the locked requirements, made if need be."""
    mark = hashlib.sha256(REQUIREMENTS.read_bytes()).hexdigest()[:12]
    state = Path(os.environ.get("CONCIERGE_STATE", "var")).absolute()
    folder = state / f"openapi-python-client-{mark}"
    python = folder / "bin" / "python"
    whole = folder / "installed"
    if not whole.exists():
        _run(sys.executable, "-m", "venv", "--clear", "--without-pip", str(folder))
        _run(
            sys.executable, "-m", "uv", "pip", "install", "--python", str(python),
            "--require-hashes", "-r", str(REQUIREMENTS),
        )  # fmt: skip
        whole.touch()
    return python


def _generate(python: Path, name: str) -> None:
    """Make a client of one document; a part that the generator can't make is a failure."""
    _run(
        str(python), "-m", "openapi_python_client", "generate", "--fail-on-warning",
        "--path", str(ROOT / "docs" / "openapi" / f"{name}.yaml"), "--meta", "none",
        "--config", str(FOLDER / "python" / "config.yaml"),
        "--output-path", str(MADE / name), "--overwrite",
    )  # fmt: skip


def _run(*command: str) -> None:
    subprocess.run(
        command, cwd=ROOT, check=True, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )


if __name__ == "__main__":
    sys.exit(main())
