"""kill -9 in the midst of `backup --all`: what is there is whole, and the next run makes the rest."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from django.utils import timezone
from pytest_django import Settings

from devstack.processes import ROOT
from public_apps.tenants.archives import backup, reader, work_directory
from public_apps.tenants.archives.stores import store
from public_apps.tenants.models import Tenant
from tests.core.web_stack import WebStack, Workspace, create_workspace

FLEET = 4


@pytest.fixture
def folder(web_stack: WebStack, tmp_path: Path, settings: Settings) -> Path:
    """A store of the test's own."""
    settings.ARCHIVE_STORE = str(tmp_path / "store")
    settings.BACKUP_KEEP = 2
    return tmp_path / "store"


@pytest.fixture
def fleet(folder: Path) -> list[Workspace]:
    """Some workspaces that are due; whoever else is there has a backup, as far as the store says."""
    for each in Tenant.objects.serving():
        fresh = folder / backup.folder_of(each) / f"{timezone.now():{backup.STAMP}}{backup.BACKUP}"
        fresh.parent.mkdir(parents=True)
        fresh.touch()
    return [create_workspace() for _ in range(FLEET)]


def archives(folder: Path, fleet: list[Workspace]) -> Iterator[Path]:
    """Yield what is kept of the fleet."""
    for workspace in fleet:
        yield from (folder / backup.folder_of(workspace.tenant)).glob(f"*{backup.BACKUP}")


def command(web_stack: WebStack, folder: Path, tmp: Path) -> subprocess.Popen[str]:
    """Start `backup --all` as an operator does."""
    tmp.mkdir(exist_ok=True)
    environ = {
        **web_stack.stack.env, "ARCHIVE_STORE": str(folder), "BACKUP_KEEP": "2", "TMPDIR": str(tmp),
    }  # fmt: skip
    return subprocess.Popen(
        [sys.executable, "manage.py", "backup", "--all", "--parallel", "2"],
        cwd=ROOT, env=environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def test_a_killed_run_goes_on_with_what_is_missing(
    web_stack: WebStack, folder: Path, fleet: list[Workspace], tmp_path: Path
) -> None:
    tmp = tmp_path / "tmp"
    with command(web_stack, folder, tmp) as first:
        while not _holds_in_the_midst(first, folder, fleet, tmp):
            assert first.poll() is None, first.stdout and first.stdout.read()
            time.sleep(0.01)
        first.send_signal(signal.SIGKILL)
    assert first.returncode == -signal.SIGKILL
    there = set(archives(folder, fleet))
    assert 1 <= len(there) < FLEET, "killed in the midst"

    _make_old(tmp, folder)
    with command(web_stack, folder, tmp) as second:
        said = second.communicate()[0]
    assert second.returncode == 0, said
    assert f"{FLEET - len(there)} tenants were backed up." in said
    whole = list(archives(folder, fleet))
    assert len(whole) == FLEET
    assert there < set(whole)
    for path in whole:
        with reader.opened(path):
            pass
    assert list(tmp.glob(f"{work_directory.PREFIX}*")) == [], (
        "what the killed run had on its desk is gone"
    )
    store().tidy(older_than=timedelta(days=1))
    assert list(folder.glob("**/*.part")) == []

    with command(web_stack, folder, tmp) as third:
        assert "0 tenants were backed up." in third.communicate()[0]


def _holds_in_the_midst(
    run: subprocess.Popen[str], folder: Path, fleet: list[Workspace], tmp: Path
) -> bool:
    """Hold a run for a look, and let it go on unless it has kept one archive and is at another."""
    run.send_signal(signal.SIGSTOP)
    if list(archives(folder, fleet)) and list(tmp.glob(f"{work_directory.PREFIX}*")):
        return True
    run.send_signal(signal.SIGCONT)
    return False


def _make_old(tmp: Path, folder: Path) -> None:
    """Let a day pass for what was left behind; there may be a half-written archive, too."""
    left = [*tmp.glob(f"{work_directory.PREFIX}*")]
    assert left, "it was killed while it had archives on its desk"
    half = next(folder.iterdir()) / f"x{backup.BACKUP}.part"
    half.touch()
    long_ago = time.time() - 2 * work_directory.ABANDONED_AFTER
    for each in (*left, half):
        os.utime(each, (long_ago, long_ago))
