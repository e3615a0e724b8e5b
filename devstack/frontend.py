"""The Next.js site beside the rest: installed by its lock, built once for its files, and served."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from devstack.console import Screen
from devstack.environment import without_settings
from devstack.processes import ROOT, Part, PartFailed, tail
from devstack.services import get

SITE = ROOT / "clients" / "nextjs"
CLIENT = ROOT / "clients" / "typescript"
INSTALLED, BUILT = SITE / "node_modules" / ".installed-from", SITE / ".next" / "built-from"
# What is made from the rest, and what git leaves out.
NOT_SOURCES = frozenset({"node_modules", ".next", "vendor", "dist", "next-env.d.ts"})
BUILD_SECONDS = 600


class NoNode(Exception):
    """There is nothing here that could run the site; the message says so in one sentence."""


def require_node() -> None:
    """Return if this machine can serve the site. Raises NoNode."""
    if not (shutil.which("node") and shutil.which("npm")):
        raise NoNode(
            "The Next.js site needs node (20.9 or newer) with npm, and there is none here."
        )


def build(*, log: Path) -> None:
    """Install and build the site, unless that is done for these very files. Raises PartFailed."""
    packages = (SITE / "package.json", SITE / "package-lock.json", CLIENT)
    with _alone():
        _once(INSTALLED, packages, ("run", "client"), ("ci",), log=log)
        _once(BUILT, (SITE, CLIENT), ("run", "build"), log=log)


def part(*, port: int, environ: Mapping[str, str]) -> Part:
    """The built site, as `next start` serves it."""
    program = SITE / "node_modules" / "next" / "dist" / "bin" / "next"
    return Part(
        name="frontend",
        command=(
            shutil.which("node") or "node", str(program), "start",
            "--hostname", "127.0.0.1", "--port", str(port),
        ),
        ready=lambda: get(port, "/icon.svg") is not None,
        hint="FRONTEND_PORT asks for a port of your choice.",
        environ={**_environment(), **environ},
        folder=SITE,
    )  # fmt: skip


def settings(env: Mapping[str, str], *, web_port: int) -> dict[str, str]:
    """Return what the site is told about a run with this environment."""
    stripe = env["STRIPE_API_BASE"].rstrip("/")
    return {
        # By number: Node does not know every name that ends in .localhost.
        "CONCIERGE_API_URL": f"http://127.0.0.1:{web_port}",
        "FRONTEND_SECRET": env["FRONTEND_SECRET"].partition(",")[0],
        # Next puts the address of whoever is connected here, and nothing stands before it.
        "CLIENT_ADDRESS_HEADER": "x-forwarded-for",
        "PAYMENT_ORIGINS": f"{stripe} {stripe.replace('127.0.0.1', 'localhost')}",
        "NEXT_PUBLIC_APP_URL": env["FRONTEND_URL"],
        "NEXT_PUBLIC_APP_NAME": "New Concierge",
        "NEXT_PUBLIC_ENV": "development",
        "NEXT_PUBLIC_STRIPE_PUBLISHABLE_KEY": env["STRIPE_PUBLISHABLE_KEY"],
        "NEXT_PUBLIC_WORKSPACE_DOMAIN": env["TENANT_BASE_DOMAIN"],
    }


@contextmanager
def _alone() -> Iterator[None]:
    """Let nobody else build here meanwhile."""
    with (SITE / ".build.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _once(stamp: Path, sources: Iterable[Path], *commands: tuple[str, ...], log: Path) -> None:
    """Run npm with these commands, unless that is done for these sources."""
    made_from = fingerprint(*sources)
    if stamp.exists() and stamp.read_text() == made_from:
        return
    stamp.unlink(missing_ok=True)
    for command in commands:
        _npm(*command, log=log)
    stamp.write_text(made_from)


def fingerprint(*sources: Path) -> str:
    """Return what stands for these files, and for every source in these folders."""
    digest = hashlib.sha256()
    for path in sorted(_files(sources)):
        digest.update(f"{path.relative_to(ROOT)}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()


def _files(sources: Iterable[Path]) -> Iterator[Path]:
    for root in sources:
        if root.is_file():
            yield root
        for folder, folders, names in os.walk(root):
            folders[:] = [name for name in folders if name not in NOT_SOURCES]
            yield from (Path(folder) / name for name in names if _is_source(name))


def _is_source(name: str) -> bool:
    return (
        name not in NOT_SOURCES and not name.startswith(".") and not name.endswith(".tsbuildinfo")
    )


def _npm(*arguments: str, log: Path) -> None:
    with log.open("ab") as sink:
        done = subprocess.run(
            [shutil.which("npm") or "npm", *arguments],
            cwd=SITE, env=_environment(), stdout=sink, stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL, timeout=BUILD_SECONDS, check=False,
        )  # fmt: skip
    if done.returncode:
        raise PartFailed(
            f"npm {' '.join(arguments)}",
            f"failed (exit code {done.returncode})",
            log=log,
            log_tail=tail(log),
            hint="Is it node 20.9 or newer, and is the package index in reach?",
        )


def main() -> int:
    """Build the site as a check; return the exit code."""
    log = SITE / ".build.log"
    log.unlink(missing_ok=True)
    try:
        build(log=log)
    except PartFailed as failed:
        Screen().failure(failed)
        return 1
    return 0


def _environment() -> dict[str, str]:
    return {**without_settings(os.environ), "NEXT_TELEMETRY_DISABLED": "1"}


if __name__ == "__main__":
    sys.exit(main())
