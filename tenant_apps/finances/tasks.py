"""What the worker does for finances."""

from __future__ import annotations

from public_apps.core import jobs
from tenant_apps.buildings import work
from tenant_apps.buildings.models import Work
from tenant_apps.finances.actions import issuing


@jobs.task("finances.issue_large", rank=jobs.WORK)
def issue_large(schema: str, work_id: str) -> None:
    """Issue one large month."""
    work.do(schema=schema, work_id=work_id, how=issuing.carry_out)


work.carries_out(Work.Kind.ISSUE, "finances.issue_large")
