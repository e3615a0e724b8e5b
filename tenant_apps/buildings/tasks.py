"""What the worker does for buildings."""

from __future__ import annotations

from public_apps.core import jobs
from tenant_apps.buildings import apartment_import, background_jobs
from tenant_apps.buildings.models import Work


@jobs.task("buildings.import_apartments", rank=jobs.WORK, lasting=True)
def import_apartments(schema: str, work_id: str) -> None:
    """Do one import."""
    background_jobs.do(schema=schema, work_id=work_id, how=apartment_import.carry_out)


background_jobs.carries_out(Work.Kind.IMPORT, "buildings.import_apartments")
