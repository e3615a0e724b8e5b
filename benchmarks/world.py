"""A system of its own for each benchmark, gone afterwards."""

from __future__ import annotations

import argparse
import json
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

from benchmarks.figures import Report
from devstack import environment
from devstack.stack import Stack

BUILD = """
from public_apps.tenants import building
from public_apps.tenants.models import Tenant
from django.utils import timezone
for _ in range({count}):
    tenant = building.build_tenant()
    Tenant.objects.filter(pk=tenant.pk).update(claimed_at=timezone.now(), opened_at=timezone.now())
"""


@contextmanager
def world(*parts: str, **environ: str) -> Iterator[Stack]:
    """Start these parts on a database at head; this process works on the same database."""
    base = Path(os.environ.get("CONCIERGE_STATE", "var")) / "bench"
    base.mkdir(parents=True, exist_ok=True)
    given = {**environment.without_settings(os.environ), "CHECKOUT_RATE": "60000/min", **environ}
    stack = Stack(Path(tempfile.mkdtemp(dir=base)), environ=given)
    try:
        stack.start_part("postgres")
        stack.release()
        for part in parts:
            stack.start_part(part)
        os.environ.update(stack.env)
        import django

        django.setup()
        yield stack
    finally:
        stack.discard()


def grow(stack: Stack, tenants: int, *, by: int = 2) -> None:
    """Add tenants until there are so many, all open."""
    from django.db import connection

    from public_apps.tenants.models import Tenant

    missing = tenants - Tenant.objects.filter(provisioned_at__isnull=False).count()
    connection.close()
    shares = [missing // by + (number < missing % by) for number in range(by)]
    with ThreadPoolExecutor(by) as hands:
        for done in hands.map(lambda share: _build(stack, share), shares):
            assert done == 0, "tenants could not be built"


def _build(stack: Stack, count: int) -> int:
    script = BUILD.format(count=count)
    return stack.manage("shell", "-v0", "-c", script, timeout=None).returncode if count > 0 else 0


def main(measure: Callable[[Report, bool], None]) -> None:
    """Run one benchmark as a program: `--quick`, and `--json PATH` for the frame to read."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--json", type=Path, required=True)
    arguments = parser.parse_args()
    report = Report()
    measure(report, arguments.quick)
    arguments.json.write_text(json.dumps(report.as_dict()))
