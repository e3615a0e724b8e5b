"""What the worker does for buildings."""

from __future__ import annotations

from public_apps.core import jobs
from tenant_apps.buildings import importing, work
from tenant_apps.buildings.models import Work


@jobs.task("buildings.import_apartments", rank=jobs.WORK)
def import_apartments(schema: str, work_id: str) -> None:
    """Do one import."""
    work.do(schema=schema, work_id=work_id, how=importing.carry_out)


work.carries_out(Work.Kind.IMPORT, "buildings.import_apartments")
