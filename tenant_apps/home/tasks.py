"""What the worker does for the sample building."""

from __future__ import annotations

from public_apps.core import jobs
from tenant_apps.buildings import background_jobs
from tenant_apps.buildings.models import Work
from tenant_apps.home import sample


@jobs.task("home.fill_sample", rank=jobs.WORK, lasting=True)
def fill_sample(schema: str, work_id: str) -> None:
    """Fill one workspace."""
    background_jobs.do(schema=schema, work_id=work_id, how=sample.carry_out)


background_jobs.carries_out(Work.Kind.SAMPLE, "home.fill_sample")
