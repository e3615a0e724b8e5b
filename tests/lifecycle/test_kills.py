"""kill -9 at each step of an archive and of an erasure: the next process goes on, nothing is lost."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from devstack.processes import ROOT
from public_apps.tenants.models import Departure
from public_apps.tenants.offboarding import departures, orphans, retention, steps
from tests.core.web_stack import WebStack, Workspace, create_workspace
from tests.lifecycle.folder_vault import FolderVault
from tests.lifecycle.leaving import later, of, over, public_rows_with

# What each step has written when it is done, in order.
ARCHIVE = ("unpaid_at", "closed_at", "stored_at", "dropped_at")
ERASURE = ("unpaid_at", "closed_at", "dropped_at", "erased_at")


def killed(
    web_stack: WebStack, departure: Departure, nth: int, when: str, vault: FolderVault
) -> None:
    """Let a process work on it that dies at its n-th write."""
    words = [str(departure.pk), str(nth), when, str(vault.folder)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.lifecycle.doomed", *words],
        cwd=ROOT, env=web_stack.stack.env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stderr[-2000:]


def times(workspace: Workspace, names: tuple[str, ...]) -> int:
    """Return how many of these steps are done; none is done before the one in front of it."""
    departure = of(workspace)
    done = [getattr(departure, name) is not None for name in names]
    assert done == sorted(done, reverse=True)
    return sum(done)


@pytest.mark.parametrize("when", ["within", "after"])
@pytest.mark.parametrize("nth", range(1, len(ARCHIVE) + 1))
def test_an_archive_goes_on_where_it_was_killed(
    web_stack: WebStack, vault: FolderVault, nth: int, when: str
) -> None:
    workspace = over()
    schema = workspace.tenant.schema_name
    retention.plan_due()
    departure = later(workspace, days=31)
    killed(web_stack, departure, nth, when, vault)
    assert times(workspace, ARCHIVE) == (nth if when == "after" else nth - 1)
    assert orphans.is_there(schema) is (of(workspace).dropped_at is None)
    assert not {schema} & {*orphans.find().schemas, *orphans.find().rows}

    steps.proceed(departure.pk)
    assert times(workspace, ARCHIVE) == len(ARCHIVE)
    assert not orphans.is_there(schema)
    assert [each.name for each in vault.folder.iterdir()] == [f"{schema}.rows"]
    assert not {schema} & {*orphans.find().schemas, *orphans.find().rows}


@pytest.mark.parametrize("when", ["within", "after"])
@pytest.mark.parametrize("nth", range(1, len(ERASURE) + 1))
def test_an_erasure_goes_on_where_it_was_killed(
    web_stack: WebStack, vault: FolderVault, nth: int, when: str
) -> None:
    workspace = create_workspace()
    departures.request_erasure(tenant=workspace.tenant, by=workspace.owner)
    departure = later(workspace, days=8)
    killed(web_stack, departure, nth, when, vault)
    assert times(workspace, ERASURE) == (nth if when == "after" else nth - 1)
    if of(workspace).dropped_at is None:
        assert public_rows_with(workspace.owner), "erased with the schema, or neither is"

    steps.proceed(departure.pk)
    assert times(workspace, ERASURE) == len(ERASURE)
    assert of(workspace).proof["people"] == 1
    assert public_rows_with(workspace.owner) == []
