"""What the worker does for finances."""

from __future__ import annotations

from procrastinate.contrib.django import app

from public_apps.core import jobs
from tenant_apps.buildings import work
from tenant_apps.buildings.models import Work
from tenant_apps.finances.actions import issuing


@app.task(**jobs.WORK)
def issue_large(schema: str, work_id: str) -> None:
    """Issue one large month."""
    work.do(schema=schema, work_id=work_id, how=issuing.carry_out)


work.carries_out(Work.Kind.ISSUE, issue_large)
