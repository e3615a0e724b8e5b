"""A system made once and copied: tests that break one need not migrate an empty database each.

What is kept is a stopped PostgreSQL's data and the mock Stripe's state. A run's templates lie in a
folder named after the code that made them, so a later run of the same code finds them there.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devstack.processes import ROOT
from devstack.run_directory import write_private
from devstack.stack import Stack
from devstack.template_data import Template

MARK = "template.json"  # written last: what has it is whole
SOURCES = (
    "config", "staff", "website", "billing", "tenant_apps", "public_apps", "mock_stripe", "devstack",
)  # fmt: skip
Preparation = Callable[[Stack], None]


def shelf(folder: Path) -> Path:
    """Return where this code's templates lie in a run's folder; those of other code are removed."""
    ours = folder / _fingerprint()
    for other in folder.glob("*"):
        if other != ours:
            shutil.rmtree(other)
    ours.mkdir(parents=True, exist_ok=True)
    return ours


def made(
    folder: Path,
    *,
    environ: Mapping[str, str],
    prepare: Preparation,
    original: Callable[[], Template] | None = None,
) -> Template:
    """Return the template in `folder`, made by the first who asks; others wait meanwhile.

    `prepare` gets a stack with PostgreSQL and the mock Stripe serving, and brings it to where
    copies shall start; with an `original` the stack is a copy of that.
    """
    with _alone(folder.with_suffix(".lock")):
        if not (folder / MARK).exists():
            shutil.rmtree(folder, ignore_errors=True)
            with Stack(folder, environ=environ, template=original() if original else None) as stack:
                _make(stack, prepare)
        known = json.loads((folder / MARK).read_text())
    return Template(
        data=Path(known["data"]),
        superuser_password=known["superuser_password"],
        mock_stripe=folder / "mock_stripe",
    )


def _make(stack: Stack, prepare: Preparation) -> None:
    stack.start_part("postgres")
    stack.start_part("mock_stripe")
    prepare(stack)
    for part in ("mock_stripe", "postgres"):
        stack.stop_part(part)
    assert stack.postgres is not None  # noqa: S101 - it has just been running
    known = {
        "data": str(stack.postgres.data),
        "superuser_password": stack.keys.recall("postgres superuser"),
    }
    write_private(stack.folder / MARK, json.dumps(known))


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _fingerprint() -> str:
    """Say in a few letters which code this is: all that may shape a database at head."""
    digest = hashlib.sha256()
    files = [path for source in SOURCES for path in (ROOT / source).rglob("*.py")]
    for path in sorted([*files, *ROOT.glob("requirements*.txt")]):
        digest.update(f"{path.relative_to(ROOT)}\n".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
