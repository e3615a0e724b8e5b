"""kill -9 in the midst of an import or a restore: no schema, no row, no domain is left of it."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

from devstack.processes import ROOT
from public_apps.tenants import domains
from public_apps.tenants.models import Domain, Tenant
from public_apps.tenants.offboarding import orphans
from tests.core.web_stack import WebStack, Workspace


@pytest.mark.parametrize("nth", [3, 30])
@pytest.mark.parametrize("what", ["import", "restore"])
def test_a_kill_leaves_nothing(
    web_stack: WebStack, furnished: Workspace, archive: Path, what: str, nth: int
) -> None:
    own = domains.label_of(furnished.host)
    label = own if what == "restore" else "killed-court"
    before = orphans.find(), Tenant.objects.count(), Domain.objects.count()
    words = [what, str(archive), label, str(nth)]
    done = subprocess.run(
        [sys.executable, "-m", "tests.archives.doomed", *words],
        cwd=ROOT, env=web_stack.stack.env, capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert done.returncode == -signal.SIGKILL, done.stdout + done.stderr[-2000:]
    assert (orphans.find(), Tenant.objects.count(), Domain.objects.count()) == before
    furnished.tenant.refresh_from_db()
    assert orphans.is_there(furnished.tenant.schema_name)
