"""Uploads that nobody took."""

from __future__ import annotations

from public_apps.core import jobs
from public_apps.core.schema_context import inside
from public_apps.tenants import offboarding_hooks
from public_apps.tenants.models import Tenant
from tenant_apps.files import actions, queries


@jobs.task("files.sweep_waiting", rank=jobs.LAST)
def sweep_waiting(schema_name: str) -> None:
    """Sweep one workspace's uploads, and come again while any of them wait."""
    if not Tenant.objects.filter(schema_name=schema_name, archived_at=None).exists():
        return
    with inside(schema_name):
        actions.sweep()
        enqueue_sweep()


@offboarding_hooks.reenqueues
def enqueue_sweep() -> None:
    """Have the current schema swept as its oldest waiting upload wants it, if any waits."""
    if wait := queries.longest_wait():
        actions.enqueue_sweep(wait=wait)
