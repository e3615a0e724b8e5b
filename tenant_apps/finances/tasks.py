"""What the worker does for finances."""

from __future__ import annotations

from public_apps.core import jobs
from tenant_apps.buildings import background_jobs
from tenant_apps.buildings.models import Work
from tenant_apps.finances.actions import issuing


@jobs.task("finances.issue_large", rank=jobs.WORK, lasting=True)
def issue_large(schema: str, work_id: str) -> None:
    """Issue one large month."""
    background_jobs.do(schema=schema, work_id=work_id, how=issuing.carry_out)


background_jobs.carries_out(Work.Kind.ISSUE, "finances.issue_large")
